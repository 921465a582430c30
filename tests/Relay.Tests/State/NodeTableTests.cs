using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Tests.State;

public sealed unsafe class NodeTableTests : IDisposable
{
    private const uint Root = NodeTable.Root;
    private readonly StateRoom _room = new();

    public void Dispose() => _room.Dispose();

    [Fact]
    public void A_fresh_table_knows_the_root_alone()
    {
        Assert.Equal(1, _room.Nodes.Count);
        Assert.True(_room.Nodes.IsDirectory(Root));
        Assert.False(_room.Nodes.TryBound(Root, 1, out _));
        _room.Nodes.BindRoot(1);
        Assert.True(_room.Nodes.TryBound(Root, 1, out var client));
        Assert.Equal(ClientNode.Root, client);
    }

    [Fact]
    public void One_id_of_a_client_is_one_node_under_all_its_names()
    {
        uint node = _room.Learn(Root, "a", 100);
        Assert.Equal(node, _room.Learn(Root, "b", 100));
        Assert.Equal(["1/a", "1/b"], _room.NamesOf(node));
        Assert.NotEqual(node, _room.Learn(Root, "c", 101));
    }

    [Fact]
    public void A_name_that_shows_another_file_leaves_the_old_node_without_it()
    {
        uint old = _room.Learn(Root, "a", 100);
        uint replaced = _room.Learn(Root, "a", 101);
        Assert.NotEqual(old, replaced);
        Assert.Empty(_room.NamesOf(old));
        Assert.True(_room.Nodes.IsLive(old)); // the kernel holds it
        Assert.Equal(replaced, _room.Find(Root, "a"));
    }

    [Fact]
    public void A_successor_client_gets_the_node_that_had_the_name()
    {
        uint node = _room.Learn(Root, "a", 100, epoch: 1, ino: 7);
        Assert.Equal(node, _room.Learn(Root, "a", 5, epoch: 2, ino: 70));
        Assert.True(_room.Nodes.TryBound(node, 2, out var client));
        Assert.Equal(5UL, client.Id);
        Assert.False(_room.Nodes.TryBound(node, 1, out _));
        Assert.True(_room.Nodes.TryAttr(node, out var attr));
        Assert.Equal(7UL, attr.Ino); // pinned to the first that was seen
    }

    [Fact]
    public void A_successor_client_that_shows_another_type_gets_another_node()
    {
        uint file = _room.Learn(Root, "a", 100, epoch: 1);
        uint directory = _room.Learn(Root, "a", 5, epoch: 2, type: FuseAbi.S_IFDIR);
        Assert.NotEqual(file, directory);
        Assert.True(_room.Nodes.IsDirectory(directory));
        Assert.False(_room.Nodes.IsDirectory(file));
    }

    [Fact]
    public void Two_nodes_may_have_one_id_of_a_successor_client()
    {
        uint a = _room.Learn(Root, "a", 100), b = _room.Learn(Root, "b", 101);
        Assert.Equal(a, _room.Learn(Root, "a", 9, epoch: 2));
        _room.Nodes.Bind(b, new(9), 2); // found to be a hard link of the first
        Span<uint> nodes = stackalloc uint[8];
        var both = nodes[.._room.Nodes.NodesOf(new(9), 2, nodes)].ToArray();
        Assert.Equal([a, b], both.Order());
        Assert.Equal(b, _room.Learn(Root, "b", 9, epoch: 2)); // and each name keeps its node
    }

    [Theory]
    [InlineData(1)]
    [InlineData(NameRecord.InlineLength)]
    [InlineData(NameRecord.InlineLength + 1)]
    [InlineData(255)]
    public void Names_of_every_length_are_kept_by_an_heir(int length)
    {
        string name = new('x', length - 1);
        uint first = _room.Learn(Root, name + "1", 100), second = _room.Learn(Root, name + "2", 101);
        _room.TakeOver();
        Assert.Equal((first, second), (_room.Find(Root, name + "1"), _room.Find(Root, name + "2")));
        Assert.Equal([$"1/{name}1"], _room.NamesOf(first));
        _room.Nodes.Forget(first, 1, 1, null);
        Assert.Equal(0U, _room.Find(Root, name + "1"));
        Assert.Equal(second, _room.Find(Root, name + "2"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(4000)]
    public void A_node_whose_name_no_directory_holds_serves_without_it(int length)
    {
        uint node = _room.Learn(Root, new string('x', length), 100);
        Assert.True(_room.Nodes.TryBound(node, 1, out _));
        Assert.Empty(_room.NamesOf(node));
        _room.Nodes.Forget(node, 1, 1, null);
        Assert.Equal(1, _room.Nodes.Count);
    }

    [Fact]
    public void A_directory_lives_for_its_names_after_the_kernel_forgot_it()
    {
        uint directory = _room.Learn(Root, "d", 100, type: FuseAbi.S_IFDIR), file = _room.Learn(directory, "f", 101);
        _room.Nodes.Forget(directory, 1, 1, null);
        Assert.True(_room.Nodes.IsLive(directory));
        Assert.Equal("/d/f", _room.Nodes.PathOf(file));
        Assert.Equal([new Forgotten(new(100), 1, 1)], _room.Forgotten());
        _room.Nodes.Forget(file, 1, 1, null);
        Assert.Equal(1, _room.Nodes.Count);
        Assert.Equal([new Forgotten(new(101), 1, 1)], _room.Forgotten());
    }

    [Fact]
    public void What_is_forgotten_at_the_client_is_what_it_gave_in_this_epoch()
    {
        uint node = _room.Learn(Root, "a", 100);
        for (int i = 0; i < 4; i++)
            _room.Learn(Root, "a", 100);
        _room.Learn(Root, "a", 7, epoch: 2);
        _room.Learn(Root, "a", 7, epoch: 2);
        _room.Nodes.Forget(node, 7, 2, null); // what the kernel holds: five of the first client, two of the second
        Assert.Equal([new Forgotten(new(7), 2, 2)], _room.Forgotten(epoch: 2));
        Assert.Equal(1, _room.Nodes.Count);
    }

    [Fact]
    public void Lookups_never_go_below_zero()
    {
        uint node = _room.Learn(Root, "a", 100), other = _room.Learn(Root, "b", 101);
        _room.Nodes.Forget(node, ulong.MaxValue, 1, null);
        _room.Nodes.Forget(node, 3, 1, null);
        _room.Nodes.Forget(Root, 99, 1, null);
        _room.Nodes.Forget(0, 1, 1, null);
        _room.Nodes.Forget(999_999_999_999, 1, 1, null);
        Assert.Equal(2, _room.Nodes.Count);
        Assert.True(_room.Nodes.IsLive(other));
    }

    [Fact]
    public void An_index_that_is_used_again_has_another_generation()
    {
        uint node = _room.Learn(Root, "a", 100);
        ulong before = _room.Nodes.GenerationOf(node);
        _room.Nodes.Forget(node, 1, 1, null);
        Assert.Equal(node, _room.Learn(Root, "b", 200));
        Assert.NotEqual(before, _room.Nodes.GenerationOf(node));
    }

    [Fact]
    public void A_rename_moves_the_name_and_takes_the_one_that_was_there()
    {
        uint a = _room.Learn(Root, "a", 100), b = _room.Learn(Root, "b", 101);
        _room.Move(Root, "a", Root, "b");
        Assert.Equal(["1/b"], _room.NamesOf(a));
        Assert.Empty(_room.NamesOf(b));
    }

    [Fact]
    public void An_exchange_leaves_both_names()
    {
        uint directory = _room.Learn(Root, "d", 99, type: FuseAbi.S_IFDIR), a = _room.Learn(Root, "a", 100), b = _room.Learn(directory, "b", 101);
        _room.Move(Root, "a", directory, "b", exchange: true);
        Assert.Equal([$"{directory}/b"], _room.NamesOf(a));
        Assert.Equal(["1/a"], _room.NamesOf(b));
    }

    [Fact]
    public void Renames_of_unknown_names_change_nothing_that_is_known()
    {
        uint a = _room.Learn(Root, "a", 100);
        _room.Move(Root, "x", Root, "y");
        _room.Move(Root, "a", Root, "a");
        Assert.Equal(["1/a"], _room.NamesOf(a));
    }

    /// <summary>An heir whose predecessor was killed between the rename in the table and its mark does it once more.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_rename_that_is_done_twice_is_done_once(bool exchange)
    {
        uint a = _room.Learn(Root, "a", 100), b = _room.Learn(Root, "b", 101);
        for (int i = 0; i < 2; i++)
        {
            _room.Nodes.MoveName(Root, "a"u8, Root, "b"u8, a, exchange ? b : 0, 1);
            _room.TakeOver();
        }
        Assert.Equal(["1/b"], _room.NamesOf(a));
        Assert.Equal(exchange ? ["1/a"] : [], _room.NamesOf(b));
    }

    [Fact]
    public void A_directory_gets_no_name_inside_itself()
    {
        uint a = _room.Learn(Root, "a", 100, type: FuseAbi.S_IFDIR), b = _room.Learn(a, "b", 101, type: FuseAbi.S_IFDIR);
        Assert.Equal(a, _room.Learn(b, "a", 100, type: FuseAbi.S_IFDIR));
        Assert.Equal(a, _room.Learn(a, ".", 100, type: FuseAbi.S_IFDIR)); // asked for by an NFS server
        Assert.Equal(["1/a"], _room.NamesOf(a));
        _room.Nodes.Forget(a, 3, 1, null);
        _room.Nodes.Forget(b, 1, 1, null);
        Assert.Equal(1, _room.Nodes.Count);
    }

    [Fact]
    public void A_node_never_changes_its_type()
    {
        uint node = _room.Learn(Root, "a", 100);
        var attr = new Attr { Ino = 9, Mode = FuseAbi.S_IFDIR, Nlink = 5 };
        _room.Nodes.Pin(node, &attr);
        Assert.True(_room.Nodes.TryAttr(node, out var known));
        Assert.Equal(FuseAbi.S_IFREG, known.Mode & FuseAbi.S_IFMT);
    }

    [Fact]
    public void A_full_table_says_so_and_goes_on_when_there_is_room()
    {
        int learned = 0;
        while (_room.Learn(Root, $"n{learned}", (ulong)(100 + learned)) != 0)
            learned++;
        Assert.Equal(StateRoom.Geometry.Nodes - 2, learned);
        _room.Nodes.Forget(_room.Find(Root, "n5"), 1, 1, null);
        Assert.NotEqual(0U, _room.Learn(Root, "again", 9999));
        _room.TakeOver();
        Assert.Equal(0U, _room.Learn(Root, "more", 99999, epoch: 2));
    }

    [Fact]
    public void A_full_table_of_long_names_leaves_nodes_without_one()
    {
        uint last = 0;
        for (int i = 0; i <= StateRoom.Geometry.LongNames; i++)
            last = _room.Learn(Root, new string('l', 100) + i, (ulong)(100 + i));
        Assert.Empty(_room.NamesOf(last));
        _room.Remove(Root, new string('l', 100) + "0");
        Assert.Equal(last, _room.Learn(Root, new string('l', 100) + "again", (ulong)(100 + StateRoom.Geometry.LongNames)));
        Assert.Single(_room.NamesOf(last));
    }

    [Fact]
    public void A_chain_of_directories_of_any_depth_is_given_back()
    {
        var chain = new List<uint> { Root };
        for (int i = 0; i < 400; i++)
            chain.Add(_room.Learn(chain[^1], "d", (ulong)(100 + i), type: FuseAbi.S_IFDIR));
        for (int i = 1; i < chain.Count - 1; i++)
            _room.Nodes.Forget(chain[i], 1, 1, null);
        Assert.Equal(chain.Count, _room.Nodes.Count);
        _room.Nodes.Forget(chain[^1], 1, 1, null);
        Assert.Equal(1, _room.Nodes.Count);
    }

    [Fact]
    public void Lost_data_is_told_until_somebody_heard_it()
    {
        uint node = _room.Learn(Root, "a", 100), clean = _room.Learn(Root, "b", 101);
        _room.Nodes.SetDirty(node, true);
        Assert.True(_room.Nodes.HasUnflushed(node));
        _room.TakeOver();
        Assert.Equal(1, _room.Nodes.LoseUnflushed());
        Assert.Equal(0, _room.Nodes.LoseUnflushed());
        Assert.True(_room.Nodes.HasUnflushed(node));
        Assert.False(_room.Nodes.HasUnflushed(clean));
    }
}
