using System.Numerics;

namespace Sluice.Relay.State;

/// <summary>
/// A hash index over the records of a table: chains of record numbers with the same hash, which the caller compares. It holds
/// numbers and not keys, so that it can be made anew from the records. Not safe for several threads.
/// </summary>
internal sealed class ChainedIndex
{
    public const int None = -1;

    private int[] _heads;
    private int[] _next = new int[64];
    private uint[] _hashes = new uint[64];
    private int _count;

    public ChainedIndex()
    {
        _heads = new int[64];
        Array.Fill(_heads, None);
    }

    /// <summary>The first record that may have this hash, or <see cref="None"/>.</summary>
    public int First(uint hash) => Skip(_heads[hash & (uint)(_heads.Length - 1)], hash);

    /// <summary>The next record after <paramref name="record"/> with the same hash, or <see cref="None"/>.</summary>
    public int Next(int record) => Skip(_next[record], _hashes[record]);

    public void Add(uint hash, int record)
    {
        if (record >= _next.Length)
        {
            int length = (int)BitOperations.RoundUpToPowerOf2((uint)record + 1);
            Array.Resize(ref _next, length);
            Array.Resize(ref _hashes, length);
        }
        if (++_count > _heads.Length)
            Grow();
        ref int head = ref _heads[hash & (uint)(_heads.Length - 1)];
        _hashes[record] = hash;
        _next[record] = head;
        head = record;
    }

    public void Remove(int record)
    {
        ref int link = ref _heads[_hashes[record] & (uint)(_heads.Length - 1)];
        while (link != None)
        {
            if (link == record)
            {
                link = _next[record];
                _count--;
                return;
            }
            link = ref _next[link];
        }
    }

    private int Skip(int record, uint hash)
    {
        while (record != None && _hashes[record] != hash)
            record = _next[record];
        return record;
    }

    private void Grow()
    {
        var old = _heads;
        _heads = new int[old.Length * 2];
        Array.Fill(_heads, None);
        foreach (int first in old)
        {
            for (int record = first; record != None;)
            {
                int next = _next[record];
                ref int head = ref _heads[_hashes[record] & (uint)(_heads.Length - 1)];
                _next[record] = head;
                head = record;
                record = next;
            }
        }
    }
}
