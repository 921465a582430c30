using System.Runtime.InteropServices;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.State;

/// <summary>A node id of the client that runs: of no meaning to the next one.</summary>
internal readonly record struct ClientNode(ulong Id)
{
    public static readonly ClientNode Root = new(FuseAbi.RootId);
}

/// <summary>What a client of this epoch has to be told with FORGET.</summary>
internal readonly record struct Forgotten(ClientNode Node, ulong Lookups, uint Epoch);

/// <summary>
/// The inodes that the kernel knows, their names, and what the present client calls them. The records are the file's; what
/// the client calls them is bound to its epoch and lives and dies with this process. Reading a binding takes no lock;
/// everything else is done under one, for nanoseconds and never across a system call.
/// </summary>
internal sealed unsafe partial class NodeTable : IDisposable
{
    public const uint Root = (uint)FuseAbi.RootId;
    private const int GrowBy = 4096; // records whose memory is reserved at a time: arbitrary

    private readonly StateFile _file;
    private readonly NodeRecord* _nodes;
    private readonly NameRecord* _names;
    private readonly Binding* _bindings;
    private readonly Lock _gate = new();
    private readonly ChainedIndex _byName = new(); // guarded by _gate, as all below
    private readonly ChainedIndex _byClient = new();
    private readonly Stack<uint> _freeNodes = new();
    private readonly Stack<uint> _freeNames = new();
    private readonly Stack<uint> _freeLongNames = new();
    private readonly Stack<uint> _upwards = new();
    private readonly Queue<Forgotten> _forgotten = new();
    private uint[] _children = new uint[GrowBy];
    private volatile int _forgottenCount;

    /// <summary>Builds the indexes over the records of <paramref name="file"/>, which <see cref="Distrust"/> has passed.</summary>
    public NodeTable(StateFile file)
    {
        _file = file;
        _nodes = file.Nodes;
        _names = file.Names;
        _bindings = (Binding*)NativeMemory.AllocZeroed((nuint)file.Geometry.Nodes, (nuint)sizeof(Binding)); // touched as used
        if (file.Header->NodesUsed == 0)
        {
            _ = file.Reserve(_nodes, (long)GrowBy * sizeof(NodeRecord));
            _nodes[Root].Attr.Mode = FuseAbi.S_IFDIR | 0x1ed; // 0755
            _nodes[Root].Attr.Ino = FuseAbi.RootId;
            _nodes[Root].Attr.Nlink = 2;
            _nodes[Root].AttrKnown = 1;
            _nodes[Root].Lookups = 1; // the kernel's for as long as the mount lives
            _nodes[Root].Used = 1;
            file.Header->NodesUsed = 2; // 0 is no node id
        }
        Index();
    }

    /// <summary>Nodes in use.</summary>
    public int Count => (int)_file.Header->NodesUsed - 1 - _freeNodes.Count;

    /// <summary>The client's id of a node, where it is known to the client of <paramref name="epoch"/>.</summary>
    public bool TryBound(ulong node, uint epoch, out ClientNode client)
    {
        if (node >= _file.Header->NodesUsed)
        {
            client = default;
            return false;
        }
        var binding = _bindings + node;
        uint bound = Volatile.Read(ref binding->Epoch);
        client = new(binding->Client);
        return bound == epoch;
    }

    public bool IsLive(ulong node) => node != 0 && node < _file.Header->NodesUsed && _nodes[node].Used == 1;

    public bool IsDirectory(ulong node) => (_nodes[node].Attr.Mode & FuseAbi.S_IFMT) == FuseAbi.S_IFDIR;

    /// <summary>What is known of a node's attributes, as of the last reply that had them.</summary>
    public bool TryAttr(ulong node, out Attr attr)
    {
        attr = default;
        if (!IsLive(node) || _nodes[node].AttrKnown == 0)
            return false;
        attr = _nodes[node].Attr;
        return true;
    }

    /// <summary>Data was written up to <paramref name="end"/>: what is told from memory must not be shorter, or the kernel cuts its view of the file.</summary>
    public void Extend(ulong node, ulong end)
    {
        if (!IsLive(node) || _nodes[node].Attr.FileSize >= end)
            return;
        CrashPoint.Pass();
        _nodes[node].Attr.FileSize = end;
    }

    /// <summary>The file was emptied by its opening.</summary>
    public void Empty(ulong node)
    {
        if (!IsLive(node))
            return;
        CrashPoint.Pass();
        _nodes[node].Attr.FileSize = 0;
    }

    /// <summary>
    /// Keeps a reply's attributes, and pins the inode number in it to the first that was seen: a client that counts its own
    /// (libfuse without use_ino) gives another one after each start.
    /// </summary>
    public void Pin(ulong node, Attr* attr)
    {
        if (!IsLive(node))
            return;
        var record = _nodes + node;
        if (record->AttrKnown == 1)
        {
            attr->Ino = record->Attr.Ino;
            if (((record->Attr.Mode ^ attr->Mode) & FuseAbi.S_IFMT) != 0)
                return; // another file, which the kernel refuses to see in this inode
        }
        CrashPoint.Pass();
        record->Attr = *attr;
        CrashPoint.Pass();
        record->AttrKnown = 1;
    }

    /// <summary>
    /// Takes in an entry that the client of <paramref name="epoch"/> gave for a name, and counts a lookup of the kernel and
    /// one of the client. The node is the one that the client's id stands for, else the one that had the name before a
    /// crash, else a new one. Attributes are kept and pinned.
    /// </summary>
    /// <param name="parent">The directory.</param>
    /// <param name="name">In it.</param>
    /// <param name="entry">What the client said.</param>
    /// <param name="epoch">The client's.</param>
    /// <param name="slot">The request, which notes the count until the kernel has its reply.</param>
    /// <returns>The node; 0 where no record is free.</returns>
    public uint Learn(uint parent, ReadOnlySpan<byte> name, EntryOut* entry, uint epoch, Slot* slot)
    {
        lock (_gate)
        {
            var client = new ClientNode(entry->NodeId);
            uint type = entry->Attr.Mode & FuseAbi.S_IFMT;
            int named = FindName(parent, name);
            uint node = BoundTo(client, epoch, named == ChainedIndex.None ? 0 : _names[named].Node);
            if (node != 0 && (_nodes[node].Attr.Mode & FuseAbi.S_IFMT) != type)
                node = 0; // the client uses an id again that it was told to forget, or lies
            if (node == 0 && named != ChainedIndex.None)
            {
                uint before = _names[named].Node;
                if (_bindings[before].Epoch != epoch && (_nodes[before].Attr.Mode & FuseAbi.S_IFMT) == type)
                    node = before;
            }
            if (node == 0)
                node = TakeNode(type);
            if (node == 0)
                return 0;
            if (named != ChainedIndex.None && _names[named].Node != node)
            {
                RemoveNameLocked(named, epoch);
                named = ChainedIndex.None;
            }
            CountLocked(node, slot); // before the name may be refused: a node without one still serves
            if (named == ChainedIndex.None)
                AddNameLocked(node, parent, name);
            BindLocked(node, client, epoch);
            Pin(node, &entry->Attr);
            return node;
        }
    }

    /// <summary>A node without a name: TMPFILE's.</summary>
    public uint LearnUnnamed(EntryOut* entry, uint epoch, Slot* slot)
    {
        lock (_gate)
        {
            uint node = TakeNode(entry->Attr.Mode & FuseAbi.S_IFMT);
            if (node == 0)
                return 0;
            CountLocked(node, slot);
            BindLocked(node, new(entry->NodeId), epoch);
            Pin(node, &entry->Attr);
            return node;
        }
    }

    /// <summary>Whether a name is known, and is that of a directory.</summary>
    public bool IsKnownDirectory(uint parent, ReadOnlySpan<byte> name)
    {
        lock (_gate)
            return FindKnownDirectoryLocked(parent, name) != 0;
    }

    /// <summary>A known directory, looked up once more by the kernel and not at the client, which does not answer.</summary>
    public uint LookUpKnownDirectory(uint parent, ReadOnlySpan<byte> name, Slot* slot, out ulong generation, out Attr attr)
    {
        lock (_gate)
        {
            uint node = FindKnownDirectoryLocked(parent, name);
            (generation, attr) = (0, default);
            if (node == 0 || !TryAttr(node, out attr))
                return 0;
            CountLocked(node, slot);
            generation = _nodes[node].Generation;
            return node;
        }
    }

    /// <summary>Takes back the lookups that were counted for a reply which the kernel has not got, and does not get.</summary>
    public void TakeBack(Slot* slot, uint epoch)
    {
        lock (_gate)
        {
            int count = LookupTally.CountOf(slot);
            if (count > 0 && LookupTally.Begun(slot) is { } without && LookupsOf(*LookupTally.At(_file, slot, count - 1)) <= without)
                LookupTally.NoteDone(slot, --count); // killed before the last was counted, or after it was taken back
            for (; count > 0; count--)
            {
                uint node = *LookupTally.At(_file, slot, count - 1);
                if (node != Root && LookupsOf(node) is > 0 and var lookups)
                {
                    LookupTally.NoteBegun(slot, count, lookups - 1);
                    SetLookupsLocked(node, lookups - 1, epoch);
                }
                LookupTally.NoteDone(slot, count - 1);
            }
        }
    }

    public ulong GenerationOf(uint node) => _nodes[node].Generation;

    /// <summary>Binds a node that was looked up again to the new client's id, and counts that lookup at the client.</summary>
    public void Bind(uint node, ClientNode client, uint epoch)
    {
        lock (_gate)
        {
            if (_nodes[node].Used == 0 || (_bindings[node].Epoch == epoch && _bindings[node].Client != client.Id))
                QueueForgotten(new(client, 1, epoch)); // gone meanwhile, or bound by another thread
            else
                BindLocked(node, client, epoch);
        }
    }

    /// <summary>The root needs no lookup: every client calls it 1.</summary>
    public void BindRoot(uint epoch)
    {
        lock (_gate)
        {
            BindLocked(Root, ClientNode.Root, epoch);
            _bindings[Root].Lookups = 0;
        }
    }

    /// <summary>The kernel gives up <paramref name="count"/> lookups.</summary>
    /// <param name="node">The node; what is no node of ours is passed over.</param>
    /// <param name="count">At most what it holds is taken.</param>
    /// <param name="epoch">The present client's.</param>
    /// <param name="landing">Where the step is noted, so that an heir does it neither twice nor not at all; null outside of a FORGET.</param>
    public void Forget(ulong node, ulong count, uint epoch, Landing* landing)
    {
        lock (_gate)
        {
            if (node != Root && IsLive(node))
            {
                ulong left = _nodes[node].Lookups - Math.Min(count, _nodes[node].Lookups);
                SetLookupsLocked((uint)node, landing == null ? left : landing->NoteForget(left), epoch);
            }
            // Before another thread may count a new lookup of the node, which an heir would undo.
            if (landing != null)
            {
                CrashPoint.Pass();
                landing->ForgetsDone++;
            }
        }
    }

    /// <summary>The next count that the client of <paramref name="epoch"/> must be told to forget; counts at dead clients are passed over.</summary>
    public bool TryTakeForgotten(uint epoch, out Forgotten forgotten)
    {
        forgotten = default;
        if (_forgottenCount == 0)
            return false;
        lock (_gate)
        {
            while (_forgotten.TryDequeue(out var next))
            {
                _forgottenCount = _forgotten.Count;
                if (next.Epoch != epoch)
                    continue;
                forgotten = next;
                return true;
            }
            return false;
        }
    }

    /// <summary>A count at the client that no node of ours holds.</summary>
    public void ForgetAtClient(ClientNode client, ulong lookups, uint epoch)
    {
        lock (_gate)
            QueueForgotten(new(client, lookups, epoch));
    }

    /// <summary>The nodes that one id of the present client stands for: two after a crash may have got one (hard links).</summary>
    public int NodesOf(ClientNode client, uint epoch, Span<uint> nodes)
    {
        if (client == ClientNode.Root)
        {
            nodes[0] = Root;
            return 1;
        }
        lock (_gate)
        {
            int count = 0;
            for (int record = _byClient.First(HashOf(client)); record != ChainedIndex.None && count < nodes.Length; record = _byClient.Next(record))
            {
                if (_bindings[record].Epoch == epoch && _bindings[record].Client == client.Id)
                    nodes[count++] = (uint)record;
            }
            return count;
        }
    }

    /// <summary>Every node that the kernel holds.</summary>
    public IEnumerable<uint> Held()
    {
        for (uint i = 1; i < UsedMark(); i++)
        {
            if (IsHeld(i))
                yield return i;
        }
    }

    public void Dispose() => NativeMemory.Free(_bindings);

    private uint UsedMark() => _file.Header->NodesUsed;

    private bool IsHeld(uint node) => _nodes[node].Used == 1 && _nodes[node].Lookups > 0;

    private uint FindKnownDirectoryLocked(uint parent, ReadOnlySpan<byte> name)
    {
        int named = FindName(parent, name);
        return named != ChainedIndex.None && IsDirectory(_names[named].Node) && _nodes[_names[named].Node].AttrKnown == 1 ? _names[named].Node : 0;
    }

    /// <summary>One more lookup of the kernel's, noted in the request that it is for; null: it is for none.</summary>
    private void CountLocked(uint node, Slot* slot)
    {
        ulong before = _nodes[node].Lookups;
        int count = slot == null || LookupTally.CountOf(slot) == LookupTally.Capacity ? 0 : LookupTally.CountOf(slot) + 1;
        if (count > 0)
        {
            *LookupTally.At(_file, slot, count - 1) = node;
            LookupTally.NoteBegun(slot, count, before);
        }
        CrashPoint.Pass();
        _nodes[node].Lookups = before + 1;
        if (count > 0)
            LookupTally.NoteDone(slot, count);
    }

    private ulong LookupsOf(uint node) => IsLive(node) ? _nodes[node].Lookups : 0;

    private void SetLookupsLocked(uint node, ulong lookups, uint epoch)
    {
        CrashPoint.Pass();
        _nodes[node].Lookups = lookups;
        if (lookups == 0)
            DropLocked(node, epoch);
    }

    private uint BoundTo(ClientNode client, uint epoch, uint preferred)
    {
        uint found = 0;
        for (int record = _byClient.First(HashOf(client)); record != ChainedIndex.None; record = _byClient.Next(record))
        {
            if (_bindings[record].Epoch != epoch || _bindings[record].Client != client.Id)
                continue;
            if (record == preferred)
                return preferred;
            found = (uint)record;
        }
        return found;
    }

    private void BindLocked(uint node, ClientNode client, uint epoch)
    {
        var binding = _bindings + node;
        if (binding->Epoch == epoch && binding->Client == client.Id)
        {
            binding->Lookups++;
            return;
        }
        if (binding->Epoch != 0)
            _byClient.Remove((int)node);
        binding->Epoch = 0;
        binding->Lookups = 1;
        Volatile.Write(ref binding->Client, client.Id);
        Volatile.Write(ref binding->Epoch, epoch); // last: readers take no lock
        _byClient.Add(HashOf(client), (int)node);
    }

    private void DropLocked(uint node, uint epoch)
    {
        Unbind(node, epoch);
        FreeIfUnreachable(node, epoch);
    }

    private void Unbind(uint node, uint epoch)
    {
        var binding = _bindings + node;
        if (binding->Epoch == 0)
            return;
        if (binding->Epoch == epoch && binding->Lookups > 0)
            QueueForgotten(new(new(binding->Client), binding->Lookups, epoch));
        _byClient.Remove((int)node);
        Volatile.Write(ref binding->Epoch, 0);
    }

    private void QueueForgotten(in Forgotten forgotten)
    {
        if (forgotten.Node == ClientNode.Root)
            return; // however it came to be counted: no client forgets it
        _forgotten.Enqueue(forgotten);
        _forgottenCount = _forgotten.Count;
    }

    /// <summary>Frees a node that the kernel does not hold and in which it knows no name, and its directories after it: however deep, in no recursion.</summary>
    private void FreeIfUnreachable(uint first, uint epoch)
    {
        _upwards.Push(first);
        while (_upwards.TryPop(out uint node))
        {
            if (node == Root || _nodes[node].Used == 0 || _nodes[node].Lookups > 0 || Children(node) > 0)
                continue;
            Unbind(node, epoch); // it was looked up on the way to another
            CrashPoint.Pass();
            Volatile.Write(ref _nodes[node].Used, 0);
            for (uint next = _nodes[node].FirstName; next != 0;)
            {
                uint index = next - 1;
                next = _names[index].Next;
                _upwards.Push(_names[index].Parent);
                FreeName(index);
            }
            CrashPoint.Pass();
            _nodes[node].FirstName = 0;
            _freeNodes.Push(node);
        }
    }

    private uint TakeNode(uint type)
    {
        if (!_freeNodes.TryPop(out uint node))
        {
            node = _file.Header->NodesUsed;
            if (node == _file.Geometry.Nodes || (node % GrowBy == 0 && !_file.Reserve(_nodes + node, (long)GrowBy * sizeof(NodeRecord))))
                return 0;
            CrashPoint.Pass();
            _file.Header->NodesUsed = node + 1;
        }
        ulong generation = _nodes[node].Generation;
        _nodes[node] = new NodeRecord { Generation = generation + 1, Attr = new Attr { Mode = type } };
        _bindings[node] = default;
        CrashPoint.Pass();
        Volatile.Write(ref _nodes[node].Used, 1);
        return node;
    }

    private ref uint Children(uint node)
    {
        if (node >= _children.Length)
            Array.Resize(ref _children, (int)Math.Max(node + 1, (uint)_children.Length * 2));
        return ref _children[node];
    }

    private static uint HashOf(ClientNode client) => (uint)((client.Id * 0x9E3779B97F4A7C15) >> 32); // Fibonacci hashing

    /// <summary>What the present client calls a node.</summary>
    private struct Binding
    {
        public ulong Client;
        public uint Lookups;
        /// <summary>0: not bound.</summary>
        public uint Epoch;
    }
}
