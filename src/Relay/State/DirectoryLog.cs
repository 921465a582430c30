using System.Runtime.InteropServices;

namespace Sluice.Relay.State;

/// <summary>A block of delivered entries. 4,096 bytes: 255 entries.</summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
internal unsafe struct DirectoryBlock
{
    public const int Size = 4096;
    public const int Capacity = 255;

    /// <summary>The next block, plus one.</summary>
    public uint Next;
    public uint Count;
    public ulong Reserved;
    public fixed ulong Entries[Capacity * 2]; // hash of the name, cookie
}

/// <summary>
/// What each open directory stream has delivered: the hash and the cookie of every entry, in order. After a crash the
/// stream goes on with a fresh listing less these names; the cookies tell where a seek went. The chains of blocks are the
/// file's; where each ends, and what is before a block, is made anew from them, so that no entry costs a walk.
/// </summary>
internal sealed unsafe class DirectoryLog
{
    private readonly StateFile _file;
    private readonly Lock _gate = new();
    private readonly Stack<uint> _free = new(); // guarded by _gate
    private readonly uint[] _last; // of each handle, the last block; 0: it has none
    private readonly uint[] _previous; // of each block, the one before it in its chain; 0: none

    public DirectoryLog(StateFile file, HandleTable handles)
    {
        _file = file;
        _last = new uint[file.Geometry.Handles];
        _previous = new uint[file.Geometry.DirectoryBlocks + 1];
        var used = new bool[file.Header->DirectoryBlocksUsed];
        foreach (uint handle in handles.Live())
        {
            var record = handles[handle];
            for (uint next = record->FirstBlock; next != 0; next = Block(next)->Next)
            {
                if (next > used.Length || used[next - 1])
                {
                    // Killed while blocks changed hands: the stream's order is not to be trusted.
                    _last[handle] = 0;
                    SetFirst(record, 0);
                    SetLost(record, true);
                    break;
                }
                used[next - 1] = true;
                (_previous[next], _last[handle]) = (_last[handle], next);
            }
        }
        for (uint i = 0; i < used.Length; i++)
        {
            if (!used[i])
                _free.Push(i + 1);
        }
    }

    /// <summary>Notes one delivered entry. A stream that cannot be noted is marked: it cannot go on after a crash.</summary>
    public void Append(HandleRecord* handle, ulong nameHash, ulong cookie)
    {
        if (handle->StreamLost == 1)
            return;
        ref uint last = ref LastOf(handle);
        if (last == 0 || Block(last)->Count >= DirectoryBlock.Capacity)
        {
            uint added = TakeBlock();
            if (added == 0)
            {
                SetLost(handle, true);
                return;
            }
            if (last == 0)
                SetFirst(handle, added);
            else
                SetNext(Block(last), added);
            (_previous[added], last) = (last, added);
        }
        var block = Block(last);
        block->Entries[block->Count * 2] = nameHash;
        block->Entries[(block->Count * 2) + 1] = cookie;
        SetCount(block, block->Count + 1);
    }

    /// <summary>Forgets what was delivered after the entry whose cookie the kernel now goes on from; everything for 0.</summary>
    /// <returns>False where the cookie is not known: a seek to a place that this stream never delivered.</returns>
    public bool TruncateAfter(HandleRecord* handle, ulong cookie)
    {
        if (cookie == 0)
        {
            Clear(handle);
            return true;
        }
        // The usual place is the end: look there first.
        for (uint number = LastOf(handle); number != 0; number = _previous[number])
        {
            var block = Block(number);
            for (int i = (int)Math.Min(block->Count, DirectoryBlock.Capacity) - 1; i >= 0; i--)
            {
                if (block->Entries[(i * 2) + 1] != cookie)
                    continue;
                if (block->Count != i + 1)
                    SetCount(block, (uint)i + 1);
                uint rest = block->Next;
                if (rest != 0)
                    SetNext(block, 0); // first: a free block may be another stream's a moment later
                LastOf(handle) = number;
                FreeChain(rest);
                return true;
            }
        }
        return false;
    }

    /// <summary>The hashes of the names that were delivered.</summary>
    public HashSet<ulong> Delivered(HandleRecord* handle)
    {
        var hashes = new HashSet<ulong>();
        for (uint next = handle->FirstBlock; next != 0; next = Block(next)->Next)
        {
            var block = Block(next);
            for (int i = 0; i < Math.Min(block->Count, DirectoryBlock.Capacity); i++)
                hashes.Add(block->Entries[i * 2]);
        }
        return hashes;
    }

    /// <summary>Nothing was delivered yet, or the stream is closed.</summary>
    public void Clear(HandleRecord* handle)
    {
        uint first = handle->FirstBlock;
        LastOf(handle) = 0;
        if (first != 0)
            SetFirst(handle, 0);
        if (handle->StreamLost != 0)
            SetLost(handle, false);
        FreeChain(first);
    }

    /// <summary>The stream cannot go on after a crash.</summary>
    public static void SetLost(HandleRecord* handle, bool lost)
    {
        CrashPoint.Pass();
        handle->StreamLost = lost ? (byte)1 : (byte)0;
    }

    private static void SetFirst(HandleRecord* handle, uint number)
    {
        CrashPoint.Pass();
        handle->FirstBlock = number;
    }

    private static void SetNext(DirectoryBlock* block, uint number)
    {
        CrashPoint.Pass();
        block->Next = number;
    }

    private static void SetCount(DirectoryBlock* block, uint count)
    {
        CrashPoint.Pass();
        block->Count = count;
    }

    private ref uint LastOf(HandleRecord* handle) => ref _last[handle - _file.Handles];

    private DirectoryBlock* Block(uint number) => (DirectoryBlock*)_file.DirectoryBlocks + (number - 1);

    private uint TakeBlock()
    {
        lock (_gate)
        {
            if (!_free.TryPop(out uint number))
            {
                uint used = _file.Header->DirectoryBlocksUsed;
                if (used == _file.Geometry.DirectoryBlocks || !_file.Reserve(_file.DirectoryBlocks + ((long)used * DirectoryBlock.Size), DirectoryBlock.Size))
                    return 0;
                CrashPoint.Pass();
                _file.Header->DirectoryBlocksUsed = used + 1;
                number = used + 1;
            }
            Block(number)->Next = 0;
            Block(number)->Count = 0;
            return number;
        }
    }

    private void FreeChain(uint first)
    {
        lock (_gate)
        {
            for (uint next = first; next != 0; next = Block(next)->Next)
                _free.Push(next);
        }
    }
}
