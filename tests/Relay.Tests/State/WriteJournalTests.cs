using System.Text;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Tests.State;

public sealed unsafe class WriteJournalTests : IDisposable
{
    private const uint First = 1;
    private const uint Second = 2;

    private readonly StateRoom _room = new();
    private readonly uint _node;

    public WriteJournalTests()
    {
        _node = _room.Learn(NodeTable.Root, "f", 100);
        foreach (uint fh in new uint[] { 7, 8 })
        {
            var opener = new InHeader { Uid = 10, Gid = 20 };
            Assert.NotEqual(0U, _room.State.Handles.Open(_node, directory: false, 1, &opener, new(fh), 1, null));
        }
    }

    private WriteJournal Journal => _room.State.Journal;

    public void Dispose() => _room.Dispose();

    [Fact]
    public void Appends_that_go_on_from_one_another_share_a_block()
    {
        Append(First, 0, "one ");
        Append(First, 4, "two ");
        Append(First, 8, "three");
        Assert.Equal(1, Journal.InUse);
        Assert.Equal(["0: one two three"], Records());
        Append(First, 100, "elsewhere");
        Append(First, 2, "back");
        Assert.Equal(["0: one two three", "100: elsewhere", "2: back"], Records());
    }

    [Fact]
    public void A_rewrite_of_the_last_bytes_takes_no_more_room()
    {
        Append(First, 10, "aaaa");
        Append(First, 12, "bb");
        Append(First, 11, "c");
        Append(First, 13, "dddd");
        Assert.Equal(["10: acbdddd"], Records());
    }

    [Fact]
    public void A_large_write_takes_as_many_blocks_as_it_fills()
    {
        byte[] data = new byte[(2 * WriteJournal.BlockSize) + 5];
        Random.Shared.NextBytes(data);
        Append(First, 3, data);
        Assert.Equal(3, Journal.InUse);
        Assert.Equal(data, Content()[3..]);
    }

    [Fact]
    public void What_another_handle_wrote_stays_when_one_is_synced()
    {
        Append(First, 0, "first");
        Append(Second, 100, "second");
        Journal.Synced(_node, First, Journal.Clock);
        Assert.Equal(["100: second"], Records());
        Assert.True(Journal.Has(_node, Second));
        Assert.False(Journal.Has(_node, First));
    }

    [Fact]
    public void What_was_acknowledged_after_a_sync_was_sent_stays()
    {
        Append(First, 0, "before");
        ulong sent = Journal.Clock;
        Append(First, 100, "after");
        Journal.Synced(_node, First, sent);
        Assert.Equal(["100: after"], Records());
        sent = Journal.Clock;
        Append(First, 105, "wards"); // in the same block: the whole of it stays
        Journal.Synced(_node, First, sent);
        Assert.Equal(["100: afterwards"], Records());
    }

    [Fact]
    public void What_covers_an_older_write_that_stays_stays_with_it()
    {
        Append(First, 0, "old old old");
        Append(Second, 4, "new");
        Append(Second, 50, "apart");
        Journal.Synced(_node, Second, Journal.Clock);
        Assert.Equal(["0: old old old", "4: new"], Records());
        Journal.Synced(_node, First, Journal.Clock); // both belong to it now
        Assert.Empty(Records());
    }

    [Fact]
    public void A_truncation_clips_what_is_behind_the_end()
    {
        Append(First, 0, "whole");
        Append(First, 100, "cut here");
        Append(First, 200, "gone");
        Journal.Truncate(_node, 103);
        Assert.Equal(["0: whole", "100: cut"], Records());
        Append(First, 108, "hole before"); // goes on from what is gone: not in that block
        Assert.Equal(["0: whole", "100: cut", "108: hole before"], Records());
        Journal.Truncate(_node, 0);
        Assert.False(Journal.Has(_node));
        Assert.Equal(0, Journal.InUse);
    }

    [Fact]
    public void A_full_journal_refuses_until_something_is_synced()
    {
        byte[] block = new byte[WriteJournal.BlockSize];
        for (int i = 0; i < Journal.Capacity; i++)
            Assert.True(TryAppend(First, (ulong)i * WriteJournal.BlockSize * 2, block));
        Assert.True(Journal.IsLow);
        Assert.False(TryAppend(Second, 0, block));
        Assert.True(Journal.TryLargest(out uint node, out uint handle));
        Assert.Equal((_node, First), (node, handle));
        Journal.Synced(_node, First, Journal.Clock);
        Assert.False(Journal.IsLow);
        Assert.True(TryAppend(Second, 0, block));
        Assert.Equal(Journal.Capacity, Journal.Peak);
    }

    [Fact]
    public void A_node_that_got_the_number_of_a_forgotten_one_inherits_nothing()
    {
        Append(First, 0, "of the one before");
        fixed (byte* data = "new"u8)
            Assert.True(Journal.TryAppend(_node, _room.Nodes.GenerationOf(_node) + 1, First, _room.State.Handles[First], 50, data, 3));
        Assert.Equal(["50: new"], Records());
    }

    [Fact]
    public void An_heir_has_the_same_in_the_same_order()
    {
        uint other = _room.Learn(NodeTable.Root, "g", 101);
        Append(First, 0, "one");
        Append(Second, 1, "two");
        fixed (byte* data = "other"u8)
            Assert.True(Journal.TryAppend(other, _room.Nodes.GenerationOf(other), Second, _room.State.Handles[Second], 9, data, 5));
        Append(First, 2, "three");
        Journal.Truncate(_node, 6);
        ulong clock = Journal.Clock;
        _room.TakeOver();
        Assert.Equal(["0: one", "1: two", "2: thre"], Records());
        Assert.Equal([_node, other], Journal.Nodes());
        Assert.Equal(clock, Journal.Clock);
        Assert.Equal(4, Journal.InUse);
        var record = Journal.Record(Journal.RecordsOf(_node)[0]);
        Assert.Equal((10U, 20U), (record->Uid, record->Gid));
        for (int i = Journal.InUse; i < Journal.Capacity; i++)
            Append(First, (ulong)(i + 1) * 1000, "more");
        Assert.False(TryAppend(First, 1 << 20, [1]));
        Assert.Equal("1: two", Records()[1]);
    }

    [Fact]
    public void A_record_that_was_being_made_at_the_kill_is_none()
    {
        Append(First, 0, "kept");
        _room.Raw.JournalRecords[1] = new JournalRecord { Node = _node, Length = 5, Handle = First };
        _room.Raw.Header->JournalUsed = 2;
        _room.TakeOver();
        Assert.Equal(["0: kept"], Records());
        Append(Second, 9, "again");
        Assert.Equal(2, Journal.InUse);
    }

    [Theory]
    [InlineData("length")]
    [InlineData("node")]
    [InlineData("handle")]
    [InlineData("clock")]
    [InlineData("offset")]
    public void A_record_out_of_range_is_not_trusted(string field)
    {
        Append(First, 0, "kept");
        Assert.Null(WriteJournal.Distrust(_room.Raw));
        var record = _room.Raw.JournalRecords;
        switch (field)
        {
            case "length": record->Length = WriteJournal.BlockSize + 1; break;
            case "node": record->Node = (uint)StateRoom.Geometry.Nodes; break;
            case "handle": record->Handle = (uint)StateRoom.Geometry.Handles; break;
            case "clock": record->Clock++; break;
            default: record->Offset = ulong.MaxValue; break;
        }
        Assert.NotNull(WriteJournal.Distrust(_room.Raw));
    }

    [Fact]
    public void A_replay_gives_what_was_written_whatever_was_synced_and_truncated()
    {
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            var server = new Server();
            byte[] written = new byte[Server.Size]; // what the application sees
            for (int step = 1; step <= 40; step++)
            {
                uint handle = random.Next(2) == 0 ? First : Second;
                int offset = random.Next(Server.Size - 100);
                switch (random.Next(10))
                {
                    case 0:
                        server.Sync(handle);
                        Journal.Synced(_node, handle, Journal.Clock);
                        break;
                    case 1:
                        // A server keeps the order of writes and truncations.
                        server.Sync(First);
                        server.Sync(Second);
                        server.Clear(offset);
                        written.AsSpan(offset).Clear();
                        Journal.Truncate(_node, (ulong)offset);
                        break;
                    case 2:
                        _room.TakeOver();
                        break;
                    default:
                        byte[] data = new byte[random.Next(1, 100)];
                        random.NextBytes(data);
                        data.CopyTo(written, offset);
                        server.Hold(handle, offset, data);
                        if (TryAppend(handle, (ulong)offset, data))
                            break;
                        server.Sync(First);
                        server.Sync(Second);
                        Journal.Drop(_node);
                        break;
                }
                byte[] replayed = [.. server.Content];
                foreach (int number in Journal.RecordsOf(_node))
                    Journal.DataOf(number).CopyTo(replayed.AsSpan((int)Journal.Record(number)->Offset));
                Assert.Equal(written, replayed);
            }
            Journal.Drop(_node);
        }
    }

    private void Append(uint handle, ulong offset, string text) => Append(handle, offset, Encoding.Latin1.GetBytes(text));

    private void Append(uint handle, ulong offset, byte[] data) => Assert.True(TryAppend(handle, offset, data));

    private bool TryAppend(uint handle, ulong offset, byte[] data)
    {
        fixed (byte* start = data)
            return Journal.TryAppend(_node, _room.Nodes.GenerationOf(_node), handle, _room.State.Handles[handle], offset, start, (uint)data.Length);
    }

    private List<string> Records() =>
        Journal.RecordsOf(_node).ConvertAll(number => $"{Journal.Record(number)->Offset}: {Encoding.Latin1.GetString(Journal.DataOf(number))}");

    private byte[] Content()
    {
        var content = new MemoryStream();
        foreach (int number in Journal.RecordsOf(_node))
        {
            content.Position = (long)Journal.Record(number)->Offset;
            content.Write(Journal.DataOf(number));
        }
        return content.ToArray();
    }

    /// <summary>A client hands on what was written through a handle when that is synced, and never lets an older write undo a newer one. What it holds beside is lost with it.</summary>
    private sealed class Server
    {
        public const int Size = 3000;

        private readonly List<(uint Handle, int Order, int Offset, byte[] Data)> _held = [];
        private readonly int[] _orders = new int[Size];
        private int _order;

        public byte[] Content { get; } = new byte[Size];

        public void Hold(uint handle, int offset, byte[] data) => _held.Add((handle, ++_order, offset, data));

        public void Sync(uint handle)
        {
            foreach (var (_, order, offset, data) in _held.Where(write => write.Handle == handle))
            {
                for (int i = 0; i < data.Length; i++)
                {
                    if (_orders[offset + i] < order)
                        (_orders[offset + i], Content[offset + i]) = (order, data[i]);
                }
            }
            _held.RemoveAll(write => write.Handle == handle);
        }

        public void Clear(int offset) => Content.AsSpan(offset).Clear();
    }
}
