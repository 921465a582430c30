using System.Runtime.InteropServices;

namespace Sluice.Relay.State;

/// <summary>What a client has acknowledged and not yet handed on: the bytes of one block. 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct JournalRecord
{
    /// <summary>1: in use. Written last when it is taken, first when it is given back.</summary>
    public byte Used;
    /// <summary>Clients that died while it was being replayed to them.</summary>
    public byte Attempts;
    public ushort Reserved;
    public uint Node;
    /// <summary>In the file.</summary>
    public ulong Offset;
    /// <summary>Bytes of the block that count: written after them.</summary>
    public uint Length;
    /// <summary>The kernel's handle whose FSYNC or FLUSH hands it on: that which it was written through.</summary>
    public uint Handle;
    /// <summary>Order of acknowledgement.</summary>
    public ulong Clock;
    /// <summary>Of the node's use.</summary>
    public ulong Generation;
    /// <summary>Who had opened the handle: the next client is asked in the same name.</summary>
    public uint Uid;
    public uint Gid;
}

/// <summary>
/// Acknowledged writes that would be lost with the client. Each lies in blocks of the state file, in the order of
/// acknowledgement within its node, until a sync of its handle gives the blocks back. Lists are this process's own and made
/// anew from the records. Safe for any thread; the lock is held for the copying of one write at most, and across a system call
/// only while the journal grows to a size that it never had.
/// </summary>
internal sealed unsafe class WriteJournal : IDisposable
{
    public const int BlockSize = 32 << 10; // arbitrary: four take a write of 128 KiB
    private const int WritesInFlight = 16; // large ones that find room in a nearly full journal: arbitrary, the kernel's background limit is 12
    private const int GrowBy = 8; // blocks whose memory is reserved at a time: arbitrary

    private readonly StateFile _file;
    private readonly Lock _gate = new();
    private readonly NodeList* _lists; // touched as used
    private readonly int[] _next; // numbers of records, 0: none; guarded by _gate, as all below
    private readonly int[] _previous;
    private readonly int[] _free;
    private int _freeCount;
    private volatile int _inUse;

    /// <summary>Takes the records of <paramref name="file"/>, which <see cref="Distrust"/> has passed.</summary>
    public WriteJournal(StateFile file)
    {
        _file = file;
        Capacity = file.Geometry.JournalBlocks;
        // What was sent may need its room: so much is kept for the writes in flight.
        int reserve = Math.Max(Capacity / 8, WritesInFlight * ((file.Geometry.MaxTransfer / BlockSize) + 1));
        LowMark = Capacity - Math.Min(Capacity / 2, reserve);
        _lists = (NodeList*)NativeMemory.AllocZeroed((nuint)file.Geometry.Nodes, (nuint)sizeof(NodeList));
        _next = new int[Capacity + 1];
        _previous = new int[Capacity + 1];
        _free = new int[Capacity];
        var found = new List<int>();
        for (int number = (int)file.Header->JournalUsed; number > 0; number--)
        {
            if (Record(number)->Used == 1)
                found.Add(number);
            else
                _free[_freeCount++] = number;
        }
        found.Sort((a, b) => Record(a)->Clock.CompareTo(Record(b)->Clock));
        foreach (int number in found)
            Link(number);
        Peak = _inUse;
    }

    /// <summary>Blocks of the journal; 0: there is none.</summary>
    public int Capacity { get; }

    /// <summary>Blocks in use.</summary>
    public int InUse => _inUse;

    /// <summary>Most blocks that were ever in use.</summary>
    public int Peak { get; private set; }

    /// <summary>Whether room should be made before the next write is sent.</summary>
    public bool IsLow => _inUse > LowMark;

    /// <summary>The clock of acknowledgements. What is acknowledged from now on is above it.</summary>
    public ulong Clock => Volatile.Read(ref _file.Header->JournalClock);

    private int LowMark { get; }

    /// <summary>Why the records cannot be trusted, or null.</summary>
    public static string? Distrust(StateFile file)
    {
        for (uint i = 0; i < file.Header->JournalUsed; i++)
        {
            var record = file.JournalRecords + i;
            if (record->Used == 1 && (record->Length is 0 or > BlockSize || record->Node == 0 || record->Node >= file.Header->NodesUsed
                || record->Handle >= file.Geometry.Handles || record->Clock > file.Header->JournalClock || record->Offset > long.MaxValue - BlockSize))
                return $"the written data in block {i} is none";
        }
        return null;
    }

    /// <summary>A tick of the clock, for what is acknowledged and not kept here.</summary>
    public ulong Tick()
    {
        CrashPoint.Pass();
        return Interlocked.Increment(ref _file.Header->JournalClock);
    }

    /// <summary>Keeps one acknowledged write.</summary>
    /// <param name="node">Its node.</param>
    /// <param name="generation">Of the node's use.</param>
    /// <param name="handle">The handle that it was written through.</param>
    /// <param name="opener">That handle's record.</param>
    /// <param name="offset">In the file.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="length">How many.</param>
    /// <returns>False where there is no room for all of it; a part may then be here.</returns>
    public bool TryAppend(uint node, ulong generation, uint handle, HandleRecord* opener, ulong offset, byte* data, uint length)
    {
        lock (_gate)
        {
            ulong clock = Tick();
            int last = _lists[node].Last;
            if (last != 0 && Record(last)->Generation != generation)
            {
                FreeAllLocked(node); // of an inode that the kernel has forgotten
                last = 0;
            }
            if (last != 0 && Record(last)->Handle == handle)
            {
                uint taken = AddToLocked(last, offset, data, length, clock);
                offset += taken;
                data += taken;
                length -= taken;
            }
            while (length > 0)
            {
                int number = TakeBlockLocked();
                if (number == 0)
                    return false;
                uint part = Math.Min(length, BlockSize);
                Buffer.MemoryCopy(data, BlockOf(number), BlockSize, part);
                var record = Record(number);
                *record = new JournalRecord { Node = node, Offset = offset, Length = part, Handle = handle, Clock = clock, Generation = generation, Uid = opener->Uid, Gid = opener->Gid };
                CrashPoint.Pass();
                Volatile.Write(ref record->Used, 1);
                Link(number);
                offset += part;
                data += part;
                length -= part;
            }
            return true;
        }
    }

    /// <summary>Whether anything of the node is here.</summary>
    public bool Has(ulong node) => node < (ulong)_file.Geometry.Nodes && Volatile.Read(ref _lists[node].Last) != 0;

    /// <summary>Whether anything of the node is here that was written through <paramref name="handle"/>.</summary>
    public bool Has(ulong node, ulong handle)
    {
        if (!Has(node))
            return false;
        lock (_gate)
        {
            for (int number = _lists[node].First; number != 0; number = _next[number])
            {
                if (Record(number)->Handle == handle)
                    return true;
            }
            return false;
        }
    }

    /// <summary>
    /// The client has handed on what was written through a handle and acknowledged up to <paramref name="clock"/>. A client
    /// may keep the writes of each handle apart (sshfs does), so those through others stay; and what covers an older one that
    /// stays must stay with it, or a replay would bring the older bytes back.
    /// </summary>
    public void Synced(uint node, uint handle, ulong clock)
    {
        if (!Has(node))
            return;
        lock (_gate)
        {
            bool others = false;
            for (int number = _lists[node].First; number != 0;)
            {
                int next = _next[number];
                var record = Record(number);
                if (record->Handle != handle || record->Clock > clock)
                    others = true;
                else if (others && OlderUnder(number) is not 0 and var older)
                    HandTo(record, Record(older)->Handle);
                else
                    FreeLocked(number);
                number = next;
            }
        }
    }

    /// <summary>The file ends at <paramref name="size"/> now, or did for a moment.</summary>
    public void Truncate(uint node, ulong size)
    {
        if (!Has(node))
            return;
        lock (_gate)
        {
            for (int number = _lists[node].First; number != 0;)
            {
                int next = _next[number];
                var record = Record(number);
                if (record->Offset >= size)
                    FreeLocked(number);
                else
                    SetLength(record, (uint)Math.Min(record->Length, size - record->Offset));
                number = next;
            }
        }
    }

    /// <summary>Gives up what is here of a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="handles">Takes the handles that it was written through; may be null.</param>
    /// <returns>How many records there were.</returns>
    public int Drop(uint node, HashSet<uint>? handles = null)
    {
        if (!Has(node))
            return 0;
        lock (_gate)
        {
            for (int number = _lists[node].First; handles is not null && number != 0; number = _next[number])
                handles.Add(Record(number)->Handle);
            return FreeAllLocked(node);
        }
    }

    /// <summary>The handle through which most of what is here was written; false where nothing is.</summary>
    public bool TryLargest(out uint node, out uint handle)
    {
        (node, handle) = (0, 0);
        var counts = new Dictionary<(uint, uint), int>();
        lock (_gate)
        {
            int most = 0;
            for (int number = 1; number <= _file.Header->JournalUsed; number++)
            {
                var record = Record(number);
                if (record->Used == 0)
                    continue;
                ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, (record->Node, record->Handle), out _);
                if (++count > most)
                    (most, node, handle) = (count, record->Node, record->Handle);
            }
            return most > 0;
        }
    }

    /// <summary>The nodes of which anything is here, the longest unsynced first.</summary>
    public List<uint> Nodes()
    {
        lock (_gate)
        {
            var firsts = new List<int>();
            for (int number = 1; number <= _file.Header->JournalUsed; number++)
            {
                if (Record(number)->Used == 1 && _previous[number] == 0)
                    firsts.Add(number);
            }
            firsts.Sort((a, b) => Record(a)->Clock.CompareTo(Record(b)->Clock));
            return firsts.ConvertAll(number => Record(number)->Node);
        }
    }

    /// <summary>The records of a node in the order of acknowledgement. Only while no client answers writes.</summary>
    public List<int> RecordsOf(uint node)
    {
        var numbers = new List<int>();
        lock (_gate)
        {
            for (int number = _lists[node].First; number != 0; number = _next[number])
                numbers.Add(number);
        }
        return numbers;
    }

    public JournalRecord* Record(int number) => _file.JournalRecords + (number - 1);

    public ReadOnlySpan<byte> DataOf(int number) => new(BlockOf(number), (int)Record(number)->Length);

    public void Dispose() => NativeMemory.Free(_lists);

    private byte* BlockOf(int number) => _file.JournalBlocks + ((long)(number - 1) * BlockSize);

    /// <summary>
    /// Puts the beginning of a write into the node's last record, where it goes on from it or lies in it. Killed in the middle,
    /// the record may be half old and half new: the write was not answered then, and is made again after the replay.
    /// </summary>
    private uint AddToLocked(int number, ulong offset, byte* data, uint length, ulong clock)
    {
        var record = Record(number);
        if (offset < record->Offset || offset - record->Offset > record->Length || offset - record->Offset >= BlockSize)
            return 0;
        uint at = (uint)(offset - record->Offset);
        uint part = Math.Min(length, BlockSize - at);
        Buffer.MemoryCopy(data, BlockOf(number) + at, BlockSize - at, part);
        CrashPoint.Pass();
        Volatile.Write(ref record->Clock, clock); // first: a sync of before must not take the bytes with it
        SetLength(record, Math.Max(record->Length, at + part));
        return part;
    }

    private static void SetLength(JournalRecord* record, uint length)
    {
        CrashPoint.Pass();
        Volatile.Write(ref record->Length, length);
    }

    private static void HandTo(JournalRecord* record, uint handle)
    {
        CrashPoint.Pass();
        record->Handle = handle;
    }

    private int TakeBlockLocked()
    {
        if (_freeCount > 0)
            return _free[--_freeCount];
        var header = _file.Header;
        int used = (int)header->JournalUsed;
        if (used == Capacity || (used == 0 && !_file.Reserve(_file.JournalRecords, (long)Capacity * sizeof(JournalRecord)))
            || (used % GrowBy == 0 && !_file.Reserve(BlockOf(used + 1), (long)Math.Min(GrowBy, Capacity - used) * BlockSize)))
            return 0;
        CrashPoint.Pass();
        header->JournalUsed = (uint)used + 1;
        return used + 1;
    }

    private void Link(int number)
    {
        var list = _lists + Record(number)->Node;
        _previous[number] = list->Last;
        _next[number] = 0;
        if (list->Last == 0)
            list->First = number;
        else
            _next[list->Last] = number;
        Volatile.Write(ref list->Last, number);
        _inUse++;
        Peak = Math.Max(Peak, _inUse);
    }

    private void FreeLocked(int number)
    {
        var record = Record(number);
        var list = _lists + record->Node;
        CrashPoint.Pass();
        Volatile.Write(ref record->Used, 0);
        if (_previous[number] == 0)
            list->First = _next[number];
        else
            _next[_previous[number]] = _next[number];
        if (_next[number] == 0)
            Volatile.Write(ref list->Last, _previous[number]);
        else
            _previous[_next[number]] = _previous[number];
        _free[_freeCount++] = number;
        _inUse--;
    }

    private int FreeAllLocked(uint node)
    {
        int count = 0;
        while (_lists[node].First is not 0 and var number)
        {
            FreeLocked(number);
            count++;
        }
        return count;
    }

    /// <summary>A record of the same node before <paramref name="number"/> that it covers in part, or 0.</summary>
    private int OlderUnder(int number)
    {
        var record = Record(number);
        for (int older = _previous[number]; older != 0; older = _previous[older])
        {
            if (Record(older)->Offset < record->Offset + record->Length && record->Offset < Record(older)->Offset + Record(older)->Length)
                return older;
        }
        return 0;
    }

    private struct NodeList
    {
        public int First;
        public int Last;
    }
}
