namespace Sluice.Relay.State;

/// <summary>Which nodes have written data that nobody has flushed, and which have lost some.</summary>
internal sealed unsafe partial class NodeTable
{
    /// <summary>Notes that acknowledged data of a node would die with the client, or that it would not.</summary>
    public void SetDirty(ulong node, bool dirty)
    {
        if (!IsLive(node))
            return;
        CrashPoint.Pass();
        _nodes[node].Dirty = dirty ? (byte)1 : (byte)0;
    }

    public bool IsDirty(ulong node) => IsLive(node) && _nodes[node].Dirty != 0;

    /// <summary>Written data of the node was lost: the next FSYNC or FLUSH says so.</summary>
    public void SetLost(ulong node)
    {
        if (!IsLive(node))
            return;
        CrashPoint.Pass();
        _nodes[node].Lost = 1;
    }

    /// <summary>Whether the node has data that is not flushed, or lost some and nobody was told yet.</summary>
    public bool HasUnflushed(ulong node) => IsLive(node) && (_nodes[node].Dirty | _nodes[node].Lost) != 0;

    /// <summary>Files with data that is not flushed and not in the journal, or that lost some and nobody was told yet.</summary>
    /// <param name="flushed">Only the latter.</param>
    public IEnumerable<uint> Unflushed(bool flushed)
    {
        for (uint i = 1; i < UsedMark(); i++)
        {
            if (flushed ? HasLost(i) : HasUnflushed(i))
                yield return i;
        }
    }

    /// <summary>The client that held unflushed data is gone: each such node will say so once.</summary>
    /// <returns>How many nodes lost data.</returns>
    public int LoseUnflushed()
    {
        int lost = 0;
        for (uint i = 1; i < _file.Header->NodesUsed; i++)
        {
            if (_nodes[i].Used == 0 || _nodes[i].Dirty == 0)
                continue;
            SetLost(i);
            SetDirty(i, false);
            lost++;
        }
        return lost;
    }

    /// <summary>Whether written data of the node was lost and nobody was told yet.</summary>
    public bool HasLost(ulong node) => IsLive(node) && _nodes[node].Lost != 0;

    /// <summary>Somebody was told that data of the node was lost.</summary>
    public void ToldLost(ulong node)
    {
        if (!IsLive(node))
            return;
        CrashPoint.Pass();
        _nodes[node].Lost = 0;
    }
}
