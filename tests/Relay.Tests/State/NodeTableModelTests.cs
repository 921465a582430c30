using CsCheck;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Tests.State;

/// <summary>
/// Random operations on the table and on a plain model of what it promises: who has which name, how often the kernel and the
/// client count each node, and that nothing is left when everything is forgotten. In between the process is replaced.
/// </summary>
public sealed class NodeTableModelTests
{
    private static readonly string[] Names = ["a", "b", "c", new('m', NameRecord.InlineLength), new('l', NameRecord.InlineLength + 1), new('z', 255)];

    [Fact]
    public void The_table_keeps_names_and_counts_as_a_plain_model_does() =>
        Gen.Select(Gen.Int[0, 99], Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20]).Array[0, 500].Sample(
            operations =>
            {
                using var model = new Model();
                foreach (var (what, x, y, z) in operations)
                    model.Do(what, x, y, z);
                model.ForgetAll();
            },
            iter: 60);

    private sealed class Node
    {
        public uint Type;
        public ulong Lookups;
        public ulong Client;
        public uint Epoch;
        public ulong ClientLookups;
    }

    private sealed class Model : IDisposable
    {
        private readonly StateRoom _room = new();
        private readonly Dictionary<uint, Node> _nodes = new() { [NodeTable.Root] = new Node { Type = FuseAbi.S_IFDIR, Lookups = 1 } };
        private readonly Dictionary<(uint Parent, string Name), uint> _names = [];
        private readonly Dictionary<ulong, long> _owed = []; // lookups that the client gave and was not told to forget
        private uint _epoch = 1;

        public void Do(int what, int x, int y, int z)
        {
            switch (what)
            {
                case < 50:
                    Learn(Directory(x), Names[y % Names.Length], (ulong)(100 + (z % 12)));
                    break;
                case < 70:
                    Forget(Any(x), (ulong)(y % 4));
                    break;
                case < 78:
                    Remove(Directory(x), Names[y % Names.Length]);
                    break;
                case < 90:
                    Move(Directory(x), Names[y % Names.Length], Directory(z), Names[z / 7 % Names.Length], what >= 86);
                    break;
                case < 93:
                    BindAgain(Any(x), (ulong)(100 + (y % 12)));
                    break;
                case < 96:
                    Settle();
                    _epoch++;
                    _owed.Clear(); // its client is gone
                    break;
                default:
                    Settle();
                    _room.TakeOver();
                    _epoch++;
                    _owed.Clear();
                    break;
            }
            Compare();
        }

        /// <summary>The kernel forgets every node: the root is left, and no name of it or of anything.</summary>
        public unsafe void ForgetAll()
        {
            foreach (var (id, node) in _nodes.ToArray())
            {
                if (id != NodeTable.Root && _nodes.ContainsKey(id))
                    Forget(id, node.Lookups);
            }
            Compare();
            Settle();
            Assert.Equal(1, _room.Nodes.Count);
            Assert.Empty(_names);
            for (uint i = 0; i < _room.State.Header->NamesUsed; i++)
                Assert.Equal(0, _room.NameAt(i)->Used);
            Assert.All(_owed, pair => Assert.Equal(0, pair.Value));
        }

        public void Dispose() => _room.Dispose();

        private uint Any(int x) => _nodes.Keys.ElementAt(x % _nodes.Count);

        /// <summary>The kernel names only directories that it holds.</summary>
        private uint Directory(int x)
        {
            var directories = _nodes.Where(pair => pair.Value is { Type: FuseAbi.S_IFDIR, Lookups: > 0 }).Select(pair => pair.Key).ToArray();
            return directories[x % directories.Length];
        }

        private void Learn(uint parent, string name, ulong client)
        {
            uint type = client % 3 == 0 ? FuseAbi.S_IFDIR : FuseAbi.S_IFREG;
            uint node = _room.Learn(parent, name, client, _epoch, type);
            uint named = _names.GetValueOrDefault((parent, name));
            var bound = _nodes.Where(pair => pair.Value.Client == client && pair.Value.Epoch == _epoch).Select(pair => pair.Key).ToArray();
            if (bound.Contains(named) && _nodes[named].Type == type)
                Assert.Equal(named, node);
            else if (bound.Length > 0 && !bound.Contains(named) && bound.All(n => _nodes[n].Type == type))
                Assert.Contains(node, bound);
            else if (bound.Length == 0 && named != 0 && _nodes[named].Epoch != _epoch && _nodes[named].Type == type)
                Assert.Equal(named, node);
            else if (bound.Length == 0)
                Assert.DoesNotContain(node, _nodes.Keys);
            _owed[client] = _owed.GetValueOrDefault(client) + 1;
            if (!_nodes.TryGetValue(node, out var record))
                _nodes[node] = record = new Node { Type = type };
            record.Lookups++;
            if (record.Epoch == _epoch && record.Client == client)
                record.ClientLookups++;
            else
                (record.Client, record.Epoch, record.ClientLookups) = (client, _epoch, 1);
            SetName(parent, name, node);
        }

        private void BindAgain(uint id, ulong client)
        {
            if (id == NodeTable.Root)
                return;
            _room.Nodes.Bind(id, new(client), _epoch);
            _owed[client] = _owed.GetValueOrDefault(client) + 1;
            var node = _nodes[id];
            if (node.Epoch == _epoch && node.Client == client)
                node.ClientLookups++;
            else if (node.Epoch != _epoch)
                (node.Client, node.Epoch, node.ClientLookups) = (client, _epoch, 1);
        }

        private unsafe void Forget(uint id, ulong count)
        {
            _room.Nodes.Forget(id, count, _epoch, null);
            if (id == NodeTable.Root)
                return;
            var node = _nodes[id];
            node.Lookups -= Math.Min(count, node.Lookups);
            if (node.Lookups == 0)
                (node.Epoch, node.ClientLookups) = (0, 0);
            Sweep();
        }

        private void Remove(uint parent, string name)
        {
            _room.Remove(parent, name, _epoch);
            SetName(parent, name, 0);
        }

        private void Move(uint parent, string name, uint newParent, string newName, bool exchange)
        {
            uint moved = _names.GetValueOrDefault((parent, name)), replaced = _names.GetValueOrDefault((newParent, newName));
            if ((parent, name) == (newParent, newName) || moved == 0 || (exchange && replaced == 0))
                return; // the kernel has looked both up before
            _room.Nodes.MoveName(parent, System.Text.Encoding.Latin1.GetBytes(name), newParent, System.Text.Encoding.Latin1.GetBytes(newName), moved, exchange ? replaced : 0, _epoch);
            SetName(newParent, newName, moved);
            SetName(parent, name, exchange ? replaced : 0);
        }

        private void SetName(uint parent, string name, uint node)
        {
            if (_names.GetValueOrDefault((parent, name)) == node)
                return;
            _names.Remove((parent, name));
            Sweep();
            if (node != 0 && _nodes.ContainsKey(node) && !Above(parent).Contains(node))
                _names[(parent, name)] = node;
        }

        private HashSet<uint> Above(uint directory)
        {
            var above = new HashSet<uint> { directory };
            while (above.Count < above.Union(_names.Where(pair => above.Contains(pair.Value)).Select(pair => pair.Key.Parent)).Count())
                above.UnionWith(_names.Where(pair => above.Contains(pair.Value)).Select(pair => pair.Key.Parent).ToArray());
            return above;
        }

        /// <summary>Nodes that the kernel does not hold live for the names in them alone.</summary>
        private void Sweep()
        {
            while (_nodes.Where(pair => pair.Value.Lookups == 0 && !_names.Keys.Any(key => key.Parent == pair.Key)).Select(pair => pair.Key).ToArray() is { Length: > 0 } gone)
            {
                foreach (uint id in gone)
                {
                    _nodes.Remove(id);
                    foreach (var key in _names.Where(pair => pair.Value == id).Select(pair => pair.Key).ToArray())
                        _names.Remove(key);
                }
            }
        }

        /// <summary>What was handed out is what nodes hold and what was told.</summary>
        private void Settle()
        {
            foreach (var forgotten in _room.Forgotten(_epoch))
                _owed[forgotten.Node.Id] = _owed.GetValueOrDefault(forgotten.Node.Id) - (long)forgotten.Lookups;
            foreach (var (client, owed) in _owed)
                Assert.Equal(_nodes.Values.Where(n => n.Client == client && n.Epoch == _epoch).Sum(n => (long)n.ClientLookups), owed);
        }

        private void Compare()
        {
            Assert.Equal(_nodes.Count, _room.Nodes.Count);
            foreach (var (id, node) in _nodes)
            {
                Assert.True(_room.Nodes.IsLive(id));
                Assert.Equal([.. _names.Where(pair => pair.Value == id).Select(pair => $"{pair.Key.Parent}/{pair.Key.Name}").Order(StringComparer.Ordinal)], _room.NamesOf(id));
                if (id != NodeTable.Root)
                    Assert.Equal(node.Epoch == _epoch && node.ClientLookups > 0, _room.Nodes.TryBound(id, _epoch, out _));
            }
        }
    }
}
