using Sluice.Linux;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.State;

/// <summary>The tables of one session over its state file.</summary>
internal sealed unsafe class SessionState : IDisposable
{
    private readonly StateFile _file;

    private SessionState(StateFile file)
    {
        _file = file;
        Requests = new(file);
        Nodes = new(file);
        Handles = new(file);
        Directories = new(file, Handles);
        Journal = new(file);
    }

    public StateHeader* Header => _file.Header;

    public uint Epoch => Header->Epoch;

    public ulong MountId => Header->MountId;

    public StateGeometry Geometry => _file.Geometry;

    public InFlight Requests { get; }

    public NodeTable Nodes { get; }

    public HandleTable Handles { get; }

    public DirectoryLog Directories { get; }

    public WriteJournal Journal { get; }

    public Landing* LandingOf(int reader) => _file.LandingOf(reader);

    /// <summary>An empty state for a fresh mount.</summary>
    /// <exception cref="LinuxException">No room for it.</exception>
    public static SessionState Create(FileDescriptor file, in StateGeometry geometry, ulong mountId) => new(StateFile.Create(file, geometry, mountId));

    /// <summary>
    /// What the relay before this one left. Null, with the reason, where it is missing, of another format, or damaged: it is then
    /// never used, in part or in whole, and the session needs a fresh mount. The caller compares <see cref="StateHeader.MountId"/>.
    /// </summary>
    public static SessionState? Adopt(FileDescriptor file, in StateGeometry geometry, out string reason)
    {
        var adopted = StateFile.Adopt(file, geometry, out reason);
        if (adopted is null)
            return null;
        reason = InFlight.Distrust(adopted) ?? NodeTable.Distrust(adopted) ?? HandleTable.Distrust(adopted) ?? WriteJournal.Distrust(adopted) ?? "";
        if (reason.Length == 0)
            return new(adopted);
        adopted.Dispose();
        return null;
    }

    /// <summary>Whether a node has data that the client may not have handed on, or lost some and nobody was told yet.</summary>
    public bool HasUnflushed(ulong node) => Nodes.HasUnflushed(node) || Journal.Has(node);

    /// <summary>Paths of files whose acknowledged data is lost when the session ends now, the first <paramref name="max"/> of them.</summary>
    /// <param name="flushed">Whether the last client has handed on all that it held, and had what was in the journal.</param>
    /// <param name="max">Names at most.</param>
    public IEnumerable<string> LostAtEnd(bool flushed, int max) =>
        (flushed ? Nodes.Unflushed(flushed) : Journal.Nodes().Union(Nodes.Unflushed(flushed))).Take(max).Select(node => Nodes.IsLive(node) ? Nodes.PathOf(node) : "a forgotten file");

    /// <summary>Whether a request is the FLUSH of a handle that has nothing to hand on.</summary>
    public bool IsEmptyFlush(Slot* slot)
    {
        var header = (InHeader*)Requests.RequestOf(slot);
        return header->Opcode == Opcode.Flush && (!HasUnflushed(header->NodeId) || !Handles.CanWrite(*(ulong*)(header + 1)));
    }

    public void Dispose()
    {
        Requests.Dispose();
        Nodes.Dispose();
        Handles.Dispose();
        Journal.Dispose();
        _file.Dispose();
    }
}
