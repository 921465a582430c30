using System.Text;
using Sluice.Linux;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Tests.State;

/// <summary>A session's state over a file without a name, small enough to be made for every case, and taken over again and again.</summary>
internal sealed unsafe class StateRoom : IDisposable
{
    /// <summary>The last tables are the largest: tables reserve more than they have, and the file must not grow by it.</summary>
    public static readonly StateGeometry Geometry = new(8192, Slots: 16, LargeBuffers: 8, Nodes: 512, Names: 1024, LongNames: 64, Handles: 64, DirectoryBlocks: 512, JournalBlocks: 8);

    private readonly FileDescriptor _file = SharedMapping.CreateAnonymousFile("state");

    private StateFile? _raw;

    public StateRoom() => State = SessionState.Create(_file.Duplicate(), Geometry, mountId: 42);

    public SessionState State { get; private set; }

    public NodeTable Nodes => State.Nodes;

    /// <summary>The file itself, whatever the tables think of it.</summary>
    public FileDescriptor File => _file;

    /// <summary>What the next relay finds: the present one is gone without a word.</summary>
    public SessionState TakeOver()
    {
        var heir = SessionState.Adopt(_file.Duplicate(), Geometry, out string reason);
        Assert.True(heir is not null, reason);
        State.Dispose();
        return State = heir;
    }

    /// <summary>The client gives <paramref name="client"/> for a name.</summary>
    public uint Learn(uint parent, string name, ulong client, uint epoch = 1, uint type = FuseAbi.S_IFREG, ulong ino = 0)
    {
        var entry = Entry(client, type, ino);
        return Nodes.Learn(parent, Encoding.Latin1.GetBytes(name), &entry, epoch, null);
    }

    public uint Find(uint parent, string name) => Nodes.Find(parent, Encoding.Latin1.GetBytes(name));

    public void Move(uint parent, string name, uint newParent, string newName, bool exchange = false) =>
        Nodes.MoveName(parent, Encoding.Latin1.GetBytes(name), newParent, Encoding.Latin1.GetBytes(newName), Find(parent, name), exchange ? Find(newParent, newName) : 0, 1);

    public void Remove(uint parent, string name, uint epoch = 1) => Nodes.RemoveName(parent, Encoding.Latin1.GetBytes(name), epoch);

    /// <summary>Every name of a node, as "parent/name".</summary>
    public List<string> NamesOf(uint node)
    {
        var names = new List<string>();
        Span<byte> name = stackalloc byte[FuseAbi.NameMax];
        while (Nodes.TryName(node, names.Count, out uint parent, name, out int length))
            names.Add($"{parent}/{Encoding.Latin1.GetString(name[..length])}");
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>What the client has been told to forget since the last call.</summary>
    public List<Forgotten> Forgotten(uint epoch = 1)
    {
        var all = new List<Forgotten>();
        while (Nodes.TryTakeForgotten(epoch, out var forgotten))
            all.Add(forgotten);
        return all;
    }

    /// <summary>A record of the file's, whatever it holds.</summary>
    public NameRecord* NameAt(uint index) => Raw.Names + index;

    /// <summary>The file's tables, for tests that look at or damage them.</summary>
    public StateFile Raw => _raw ??= StateFile.Adopt(_file.Duplicate(), Geometry, out string reason) ?? throw new InvalidOperationException(reason);

    public static EntryOut Entry(ulong client, uint type = FuseAbi.S_IFREG, ulong ino = 0) =>
        new() { NodeId = client, Attr = new Attr { Ino = ino == 0 ? client : ino, Mode = type | 0x1a4, Nlink = 1 } };

    public void Dispose()
    {
        _raw?.Dispose();
        State.Dispose();
        _file.Dispose();
    }
}
