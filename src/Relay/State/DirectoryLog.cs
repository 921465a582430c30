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
/// stream goes on with a fresh listing less these names; the cookies tell where a seek went.
/// </summary>
internal sealed unsafe class DirectoryLog
{
    private readonly StateFile _file;
    private readonly Lock _gate = new();
    private readonly Stack<uint> _free = new(); // guarded by _gate

    public DirectoryLog(StateFile file, HandleTable handles)
    {
        _file = file;
        var used = new bool[file.Header->DirectoryBlocksUsed];
        foreach (uint handle in handles.Live())
        {
            var record = handles[handle];
            for (uint next = record->FirstBlock; next != 0; next = Block(next)->Next)
            {
                if (next > used.Length || used[next - 1])
                {
                    // Killed while blocks changed hands: the stream's order is not to be trusted.
                    (record->FirstBlock, record->StreamLost) = (0, 1);
                    break;
                }
                used[next - 1] = true;
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
        var last = handle->FirstBlock == 0 ? null : Block(handle->FirstBlock);
        while (last != null && last->Next != 0)
            last = Block(last->Next);
        if (last == null || last->Count >= DirectoryBlock.Capacity)
        {
            uint added = TakeBlock();
            if (added == 0)
            {
                handle->StreamLost = 1;
                return;
            }
            if (last == null)
                handle->FirstBlock = added;
            else
                last->Next = added;
            last = Block(added);
        }
        last->Entries[last->Count * 2] = nameHash;
        last->Entries[(last->Count * 2) + 1] = cookie;
        last->Count++;
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
        for (uint next = handle->FirstBlock; next != 0; next = Block(next)->Next)
        {
            var block = Block(next);
            // The usual place is the end: look there first.
            for (int i = (int)Math.Min(block->Count, DirectoryBlock.Capacity) - 1; i >= 0; i--)
            {
                if (block->Entries[(i * 2) + 1] != cookie)
                    continue;
                block->Count = (uint)i + 1;
                uint rest = block->Next;
                block->Next = 0; // first: a free block may be another stream's a moment later
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
        handle->FirstBlock = 0;
        handle->StreamLost = 0;
        FreeChain(first);
    }

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
