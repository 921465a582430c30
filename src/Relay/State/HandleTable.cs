using System.Runtime.InteropServices;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.State;

/// <summary>A handle of the client that runs.</summary>
internal readonly record struct ClientHandle(ulong Fh);

/// <summary>One open file or directory: its index is the kernel's handle. 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct HandleRecord
{
    /// <summary>1: in use. Written last when it is taken, first when it is given back.</summary>
    public byte Used;
    public byte Directory;
    /// <summary>It could not be opened again: every use says this error.</summary>
    public ushort BrokenErrno;
    public uint Node;
    /// <summary>flags of open(2) as the kernel sent them.</summary>
    public uint OpenFlags;
    /// <summary>Who opened it: the successor client is asked in the same name.</summary>
    public uint Uid;
    public uint Gid;
    public uint Pid;
    /// <summary>The first block of what a directory stream has delivered, plus one.</summary>
    public uint FirstBlock;
    /// <summary>1: the stream could not be kept in full, and ends with EIO after a crash.</summary>
    public byte StreamLost;
    /// <summary>1: the stream goes on under cookies of the relay's own.</summary>
    public byte OwnCookies;
    /// <summary>When a write through it was last acknowledged that is not in the journal (<see cref="WriteJournal.Clock"/>); 0: handed on since.</summary>
    public ulong UnjournaledAt;
    /// <summary>The kernel's kh of a POLL after which a task sleeps until it is notified; 0: none does.</summary>
    public ulong Polled;
}

/// <summary>
/// Open files and directories of the kernel's, and what the present client calls them. As in <see cref="NodeTable"/>, the
/// records are the file's and the bindings this process's.
/// </summary>
internal sealed unsafe class HandleTable : IDisposable
{
    private const int GrowBy = 1024; // records whose memory is reserved at a time: arbitrary

    private readonly StateFile _file;
    private readonly HandleRecord* _handles;
    private readonly Binding* _bindings;
    private readonly Lock _gate = new();
    private readonly Stack<uint> _free = new(); // guarded by _gate

    public HandleTable(StateFile file)
    {
        _file = file;
        _handles = file.Handles;
        _bindings = (Binding*)NativeMemory.AllocZeroed((nuint)file.Geometry.Handles, (nuint)sizeof(Binding));
        if (file.Header->HandlesUsed == 0)
            file.Header->HandlesUsed = 1; // 0 is the handle of a client that keeps none (ENOSYS to OPEN)
        for (uint i = 1; i < file.Header->HandlesUsed; i++)
        {
            if (_handles[i].Used == 0)
                _free.Push(i);
        }
    }

    /// <summary>Handles that are open.</summary>
    public int Count => (int)_file.Header->HandlesUsed - 1 - _free.Count;

    /// <summary>Why the records cannot be trusted, or null.</summary>
    public static string? Distrust(StateFile file)
    {
        for (uint i = 1; i < file.Header->HandlesUsed; i++)
        {
            var handle = file.Handles + i;
            if (handle->Used == 1 && (handle->Node == 0 || handle->Node >= file.Header->NodesUsed || handle->FirstBlock > file.Header->DirectoryBlocksUsed))
                return $"handle {i} is out of range";
        }
        return null;
    }

    public HandleRecord* this[ulong handle] => _handles + handle;

    public bool IsLive(ulong handle) => handle != 0 && handle < _file.Header->HandlesUsed && _handles[handle].Used == 1;

    /// <summary>Whether a handle may write; false only for what is known to have been opened for reading alone.</summary>
    public bool CanWrite(ulong handle)
    {
        const uint AccessMode = 3; // O_ACCMODE; O_RDONLY is 0
        return !IsLive(handle) || (_handles[handle].OpenFlags & AccessMode) != 0;
    }

    /// <summary>Whether a file is open for writing: its attributes change with every write.</summary>
    public bool IsBeingWritten(ulong node)
    {
        for (uint handle = 1; handle < UsedMark(); handle++)
        {
            if (IsLive(handle) && _handles[handle].Node == node && _handles[handle].Directory == 0 && CanWrite(handle))
                return true;
        }
        return false;
    }

    /// <summary>The client's handle, where the client of <paramref name="epoch"/> has it open. 0 is 0 everywhere.</summary>
    public bool TryBound(ulong handle, uint epoch, out ClientHandle client)
    {
        client = default;
        if (handle == 0)
            return true;
        if (handle >= _file.Header->HandlesUsed)
            return false;
        uint bound = Volatile.Read(ref _bindings[handle].Epoch);
        client = new(_bindings[handle].Fh);
        return bound == epoch;
    }

    /// <summary>A record for what the client of <paramref name="epoch"/> has opened; 0 where none is free.</summary>
    /// <param name="node">The file or directory.</param>
    /// <param name="directory">Which.</param>
    /// <param name="flags">flags of open(2).</param>
    /// <param name="opener">The request's header.</param>
    /// <param name="client">The client's handle.</param>
    /// <param name="epoch">The client's.</param>
    /// <param name="slot">The request, which notes the handle until the kernel has its reply.</param>
    public uint Open(uint node, bool directory, uint flags, InHeader* opener, ClientHandle client, uint epoch, Slot* slot)
    {
        uint handle;
        lock (_gate)
        {
            if (!_free.TryPop(out handle))
            {
                handle = _file.Header->HandlesUsed;
                if (handle == _file.Geometry.Handles || (handle % GrowBy is 0 or 1 && !_file.Reserve(_handles + handle, (long)GrowBy * sizeof(HandleRecord))))
                    return 0;
                CrashPoint.Pass();
                _file.Header->HandlesUsed = handle + 1;
            }
        }
        _handles[handle] = new HandleRecord
        {
            Directory = directory ? (byte)1 : (byte)0,
            Node = node,
            OpenFlags = flags,
            Uid = opener->Uid,
            Gid = opener->Gid,
            Pid = opener->Pid,
        };
        if (slot != null)
        {
            CrashPoint.Pass();
            slot->Opened = handle;
        }
        CrashPoint.Pass();
        Volatile.Write(ref _handles[handle].Used, 1);
        Bind(handle, client, epoch);
        return handle;
    }

    public void Bind(ulong handle, ClientHandle client, uint epoch)
    {
        _bindings[handle].Fh = client.Fh;
        Volatile.Write(ref _bindings[handle].Epoch, epoch);
    }

    /// <summary>Gives a record back, whose directory blocks the caller has given back before.</summary>
    /// <param name="handle">Its number.</param>
    /// <param name="slot">The RELEASE, of which nothing is left to do: before the number is another's, which an heir would close. Null: there is none.</param>
    public void Close(ulong handle, Slot* slot = null)
    {
        if (!IsLive(handle))
            return;
        CrashPoint.Pass();
        Volatile.Write(ref _handles[handle].Used, 0);
        Volatile.Write(ref _bindings[handle].Epoch, 0);
        if (slot != null)
        {
            CrashPoint.Pass();
            Volatile.Write(ref slot->Applied, 1);
        }
        lock (_gate)
            _free.Push((uint)handle);
    }

    /// <summary>When a write through a live handle was last acknowledged that is not in the journal; 0: handed on since.</summary>
    public void SetUnjournaled(ulong handle, ulong clock)
    {
        CrashPoint.Pass();
        _handles[handle].UnjournaledAt = clock;
    }

    /// <summary>A task sleeps on a live handle until the kernel is told of its <paramref name="kh"/>; 0: none does any more.</summary>
    public void SetPolled(ulong handle, ulong kh)
    {
        CrashPoint.Pass();
        _handles[handle].Polled = kh;
    }

    /// <summary>Every open handle.</summary>
    public IEnumerable<uint> Live()
    {
        for (uint i = 1; i < UsedMark(); i++)
        {
            if (IsLive(i))
                yield return i;
        }
    }

    public void Dispose() => NativeMemory.Free(_bindings);

    private uint UsedMark() => _file.Header->HandlesUsed;

    private struct Binding
    {
        public ulong Fh;
        /// <summary>0: not open at the client.</summary>
        public uint Epoch;
    }
}
