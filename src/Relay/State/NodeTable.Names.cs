using System.Text;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.State;

/// <summary>Names of nodes in their directories: what a new client looks them up by.</summary>
internal sealed unsafe partial class NodeTable
{
    /// <summary>The name is gone, by UNLINK or RMDIR.</summary>
    public void RemoveName(uint parent, ReadOnlySpan<byte> name, uint epoch)
    {
        lock (_gate)
        {
            int named = FindName(parent, name);
            if (named != ChainedIndex.None)
                RemoveNameLocked(named, epoch);
        }
    }

    /// <summary>
    /// The name has moved. Told which nodes had the two names before, it can be done again by an heir that does not know how
    /// far its predecessor came.
    /// </summary>
    /// <param name="parent">The old name's directory.</param>
    /// <param name="name">The old name.</param>
    /// <param name="newParent">The new name's directory.</param>
    /// <param name="newName">The new name.</param>
    /// <param name="moved">What had the old name, and has the new one now; 0: unknown.</param>
    /// <param name="exchanged">What had the new name, and has the old one now (RENAME_EXCHANGE); 0: it has lost it.</param>
    /// <param name="epoch">The present client's.</param>
    public void MoveName(uint parent, ReadOnlySpan<byte> name, uint newParent, ReadOnlySpan<byte> newName, uint moved, uint exchanged, uint epoch)
    {
        lock (_gate)
        {
            if (parent == newParent && name.SequenceEqual(newName))
                return;
            // The new name first: a node that is short of one for a moment could not be resolved.
            SetNameLocked(newParent, newName, moved, epoch);
            SetNameLocked(parent, name, exchanged, epoch);
        }
    }

    /// <summary>A node of which the name is known; 0 where none is.</summary>
    public uint Find(uint parent, ReadOnlySpan<byte> name)
    {
        lock (_gate)
        {
            int named = FindName(parent, name);
            return named == ChainedIndex.None ? 0 : _names[named].Node;
        }
    }

    /// <summary>The <paramref name="position"/>th name of a node; false behind the last.</summary>
    public bool TryName(uint node, int position, out uint parent, Span<byte> name, out int length)
    {
        lock (_gate)
        {
            uint next = _nodes[node].FirstName;
            while (next != 0 && position-- > 0)
                next = _names[next - 1].Next;
            if (next == 0)
            {
                (parent, length) = (0, 0);
                return false;
            }
            var text = TextOf(_file, _names + (next - 1));
            text.CopyTo(name);
            (parent, length) = (_names[next - 1].Parent, text.Length);
            return true;
        }
    }

    /// <summary>Whether the node can be found again by a client that never saw it.</summary>
    public bool HasName(ulong node) => IsLive(node) && (node == Root || _nodes[node].FirstName != 0);

    /// <summary>A path below the mount for messages: one of the node's names, with its directories.</summary>
    public string PathOf(uint node)
    {
        var path = new StringBuilder();
        Span<byte> name = stackalloc byte[FuseAbi.NameMax];
        for (int depth = 0; node != Root && depth < 256 && TryName(node, 0, out uint parent, name, out int length); depth++)
        {
            path.Insert(0, Encoding.UTF8.GetString(name[..length])).Insert(0, '/');
            node = parent;
        }
        return path.Length == 0 ? "/" : path.ToString();
    }

    private void AddNameLocked(uint node, uint parent, ReadOnlySpan<byte> text)
    {
        // A directory that the kernel has forgotten meanwhile, before the late reply to a request of a killed task, holds no names.
        if (text.Length is 0 or > FuseAbi.NameMax || !IsLive(parent) || Contains(node, parent) || !TakeName(out uint index))
            return; // the node serves as long as this client lives
        var name = _names + index;
        name->Length = (byte)text.Length;
        if (text.Length > NameRecord.InlineLength)
        {
            if (!TakeLongName(out uint at))
            {
                _freeNames.Push(index);
                return;
            }
            *(uint*)&name->Inline = at;
            text.CopyTo(new Span<byte>(_file.LongNames + ((long)at * NameRecord.LongSize), NameRecord.LongSize));
        }
        else
        {
            text.CopyTo(new Span<byte>(&name->Inline, NameRecord.InlineLength));
        }
        name->Node = node;
        name->Parent = parent;
        name->Next = _nodes[node].FirstName;
        CrashPoint.Pass();
        Volatile.Write(ref name->Used, 1);
        CrashPoint.Pass();
        Volatile.Write(ref _nodes[node].FirstName, index + 1);
        _byName.Add(HashOf(parent, text), (int)index);
        Children(parent)++;
    }

    /// <summary>
    /// Whether <paramref name="directory"/> is <paramref name="node"/> or lies in it. Directories that contain each other, as a
    /// client may say, would keep each other for ever.
    /// </summary>
    private bool Contains(uint node, uint directory)
    {
        if (node == directory)
            return true;
        if (Children(node) == 0)
            return false;
        var above = new HashSet<uint>();
        _upwards.Push(directory);
        while (_upwards.TryPop(out uint at))
        {
            for (uint next = _nodes[at].FirstName; next != 0; next = _names[next - 1].Next)
            {
                if (above.Add(_names[next - 1].Parent))
                    _upwards.Push(_names[next - 1].Parent);
            }
        }
        return above.Contains(node);
    }

    private void SetNameLocked(uint parent, ReadOnlySpan<byte> name, uint node, uint epoch)
    {
        int named = FindName(parent, name);
        uint before = named == ChainedIndex.None ? 0 : _names[named].Node;
        if (before == node)
            return;
        if (before != 0)
            RemoveNameLocked(named, epoch);
        if (IsLive(node))
            AddNameLocked(node, parent, name);
    }

    private void RemoveNameLocked(int index, uint epoch)
    {
        var name = _names + index;
        uint parent = name->Parent;
        ref uint link = ref _nodes[name->Node].FirstName;
        while (link != 0 && link - 1 != index)
            link = ref _names[link - 1].Next;
        CrashPoint.Pass();
        if (link != 0)
            link = name->Next;
        FreeName((uint)index);
        FreeIfUnreachable(parent, epoch);
    }

    private void FreeName(uint index)
    {
        var name = _names + index;
        CrashPoint.Pass();
        Volatile.Write(ref name->Used, 0);
        _byName.Remove((int)index);
        Children(name->Parent)--;
        if (name->Length > NameRecord.InlineLength)
            _freeLongNames.Push(*(uint*)&name->Inline);
        _freeNames.Push(index);
    }

    private bool TakeName(out uint index)
    {
        if (_freeNames.TryPop(out index))
            return true;
        index = _file.Header->NamesUsed;
        if (index == _file.Geometry.Names || (index % GrowBy == 0 && !_file.Reserve(_names + index, (long)GrowBy * sizeof(NameRecord))))
            return false;
        CrashPoint.Pass();
        _file.Header->NamesUsed = index + 1;
        return true;
    }

    private bool TakeLongName(out uint index)
    {
        if (_freeLongNames.TryPop(out index))
            return true;
        index = _file.Header->LongNamesUsed;
        if (index == _file.Geometry.LongNames || (index % 256 == 0 && !_file.Reserve(_file.LongNames + ((long)index * NameRecord.LongSize), 256 * NameRecord.LongSize)))
            return false;
        CrashPoint.Pass();
        _file.Header->LongNamesUsed = index + 1;
        return true;
    }

    private int FindName(uint parent, ReadOnlySpan<byte> text)
    {
        for (int record = _byName.First(HashOf(parent, text)); record != ChainedIndex.None; record = _byName.Next(record))
        {
            if (_names[record].Parent == parent && TextOf(_file, _names + record).SequenceEqual(text))
                return record;
        }
        return ChainedIndex.None;
    }

    private static ReadOnlySpan<byte> TextOf(StateFile file, NameRecord* name) => name->Length > NameRecord.InlineLength
        ? new(file.LongNames + ((long)*(uint*)&name->Inline * NameRecord.LongSize), name->Length)
        : new(&name->Inline, name->Length);

    private static uint HashOf(uint parent, ReadOnlySpan<byte> text) => (uint)(NameHash.Of(text) >> 32) ^ (parent * 0x9E3779B1);
}
