namespace Sluice.Relay.State;

/// <summary>What another process left: checked as a whole, then indexed.</summary>
internal sealed unsafe partial class NodeTable
{
    /// <summary>Why the records cannot be trusted, or null.</summary>
    public static string? Distrust(StateFile file)
    {
        var header = file.Header;
        if (header->NodesUsed == 0)
            return null;
        if (file.Nodes[Root].Used != 1)
            return "there is no root";
        bool Live(uint node) => node is not 0 && node < header->NodesUsed && file.Nodes[node].Used == 1;
        for (uint i = 1; i < header->NodesUsed; i++)
        {
            if (file.Nodes[i].Used == 1 && file.Nodes[i].FirstName > header->NamesUsed)
                return $"node {i} has a name out of range";
        }
        for (uint i = 0; i < header->NamesUsed; i++)
        {
            var name = file.Names + i;
            if (name->Used != 1 || !Live(name->Node))
                continue; // of a node that was being given back
            if (!Live(name->Parent) || name->Next > header->NamesUsed || name->Length == 0
                || (name->Length > NameRecord.InlineLength && *(uint*)&name->Inline >= header->LongNamesUsed))
                return $"name {i} is out of range";
            var text = TextOf(file, name);
            if (text.IndexOfAny((byte)'/', (byte)0) >= 0)
                return $"name {i} is none";
        }
        return ChainsEnd(file) ? null : "names hang together wrongly";
    }

    private void Index()
    {
        var header = _file.Header;
        // A name that was being added or removed at the kill hangs in no chain.
        var linked = new bool[header->NamesUsed];
        for (uint i = 1; i < header->NodesUsed; i++)
        {
            if (_nodes[i].Used == 0)
            {
                _freeNodes.Push(i);
                continue;
            }
            for (uint next = _nodes[i].FirstName; next != 0; next = _names[next - 1].Next)
                linked[next - 1] = true;
        }
        var longUsed = new bool[header->LongNamesUsed];
        for (uint i = 0; i < header->NamesUsed; i++)
        {
            var name = _names + i;
            if (linked[i])
            {
                _byName.Add(HashOf(name->Parent, TextOf(_file, name)), (int)i);
                Children(name->Parent)++;
                if (name->Length > NameRecord.InlineLength)
                    longUsed[*(uint*)&name->Inline] = true;
                continue;
            }
            name->Used = 0;
            _freeNames.Push(i);
        }
        for (uint i = 0; i < longUsed.Length; i++)
        {
            if (!longUsed[i])
                _freeLongNames.Push(i);
        }
        // Killed while directories were given back one after another.
        for (uint i = 2; i < header->NodesUsed; i++)
            FreeIfUnreachable(i, epoch: 0);
    }

    private static bool ChainsEnd(StateFile file)
    {
        long steps = 0;
        for (uint i = 1; i < file.Header->NodesUsed; i++)
        {
            if (file.Nodes[i].Used == 0)
                continue;
            for (uint next = file.Nodes[i].FirstName; next != 0; next = file.Names[next - 1].Next)
            {
                if (next > file.Header->NamesUsed || file.Names[next - 1].Used != 1 || file.Names[next - 1].Node != i || ++steps > file.Header->NamesUsed)
                    return false;
            }
        }
        return true;
    }
}
