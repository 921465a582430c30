using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Tests.State;

public sealed unsafe class DirectoryLogTests : IDisposable
{
    private readonly StateRoom _room = new();

    public void Dispose() => _room.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(DirectoryBlock.Capacity)]
    [InlineData(DirectoryBlock.Capacity + 1)]
    [InlineData(3000)]
    public void What_was_delivered_is_known_to_an_heir(int entries)
    {
        uint handle = OpenDirectory();
        Deliver(handle, 1, entries);
        _room.TakeOver();
        Assert.Equal(Enumerable.Range(1, entries).Select(i => (ulong)i), _room.State.Directories.Delivered(_room.State.Handles[handle]).Order());
    }

    [Theory]
    [InlineData(700, 700)]
    [InlineData(700, 255)]
    [InlineData(700, 256)]
    [InlineData(700, 1)]
    [InlineData(700, 0)]
    public void A_stream_goes_on_after_any_entry_that_it_delivered(int delivered, int from)
    {
        uint handle = OpenDirectory();
        Deliver(handle, 1, delivered);
        Assert.True(_room.State.Directories.TruncateAfter(_room.State.Handles[handle], Cookie(from)));
        Deliver(handle, 1000, 10);
        var expected = Enumerable.Range(1, from).Concat(Enumerable.Range(1000, 10)).Select(i => (ulong)i);
        Assert.Equal(expected, _room.State.Directories.Delivered(_room.State.Handles[handle]).Order());
        Assert.False(_room.State.Directories.TruncateAfter(_room.State.Handles[handle], Cookie(5000)));
    }

    [Fact]
    public void Blocks_that_were_given_back_are_used_again()
    {
        uint first = OpenDirectory(), second = OpenDirectory();
        for (int round = 0; round < 20; round++)
        {
            Deliver(first, 1, 100 * DirectoryBlock.Capacity);
            Deliver(second, 1, 100 * DirectoryBlock.Capacity);
            _room.State.Directories.Clear(_room.State.Handles[first]);
            Assert.True(_room.State.Directories.TruncateAfter(_room.State.Handles[second], 0));
        }
        Assert.InRange(_room.State.Header->DirectoryBlocksUsed, 1U, 200U);
        _room.TakeOver();
        Deliver(first, 1, 200 * DirectoryBlock.Capacity);
        Assert.InRange(_room.State.Header->DirectoryBlocksUsed, 1U, 200U);
        Assert.Equal(0, _room.State.Handles[first]->StreamLost);
    }

    [Fact]
    public void A_stream_that_cannot_be_kept_is_marked_and_a_rewind_mends_it()
    {
        uint handle = OpenDirectory();
        Deliver(handle, 1, (StateRoom.Geometry.DirectoryBlocks * DirectoryBlock.Capacity) + 1);
        var record = _room.State.Handles[handle];
        Assert.Equal(1, record->StreamLost);
        Assert.True(_room.State.Directories.TruncateAfter(record, 0));
        Assert.Equal(0, record->StreamLost);
        Deliver(handle, 1, 5);
        Assert.Equal(5, _room.State.Directories.Delivered(record).Count);
    }

    /// <summary>What a kill between giving a block to one stream and taking it from another would leave.</summary>
    [Fact]
    public void Streams_that_share_a_block_are_not_both_trusted()
    {
        uint first = OpenDirectory(), second = OpenDirectory();
        Deliver(first, 1, 300);
        Deliver(second, 1, 10);
        _room.State.Handles[second]->FirstBlock = _room.State.Handles[first]->FirstBlock;
        _room.TakeOver();
        Assert.Equal(1, _room.State.Handles[first]->StreamLost + _room.State.Handles[second]->StreamLost);
    }

    /// <summary>A walk through the log for every entry took minutes for as many.</summary>
    [Fact]
    public void Each_of_two_million_entries_costs_what_the_first_did()
    {
        const int Reply = 100, Entries = 2_000_000; // per READDIR, of which the kernel drops the last few
        using var file = Linux.SharedMapping.CreateAnonymousFile("state");
        using var state = SessionState.Create(file.Duplicate(), StateRoom.Geometry with { DirectoryBlocks = 1 << 13 }, 1);
        var opener = new InHeader();
        var stream = state.Handles[state.Handles.Open(NodeTable.Root, directory: true, 0, &opener, new(1), 1, null)];
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (int i = 1; i < Entries; i += Reply - 5)
        {
            Assert.True(i == 1 || state.Directories.TruncateAfter(stream, Cookie(i - 1)));
            for (int entry = i; entry < i + Reply; entry++)
                state.Directories.Append(stream, (ulong)entry, Cookie(entry));
        }
        Assert.Equal(0, stream->StreamLost);
        Assert.InRange(clock.ElapsedMilliseconds, 0, 15_000);
    }

    private static ulong Cookie(int entry) => (ulong)entry * 1000;

    private void Deliver(uint handle, int first, int count)
    {
        for (int i = first; i < first + count; i++)
            _room.State.Directories.Append(_room.State.Handles[handle], (ulong)i, Cookie(i));
    }

    private uint OpenDirectory()
    {
        var opener = new InHeader();
        return _room.State.Handles.Open(NodeTable.Root, directory: true, 0, &opener, new(1), 1, null);
    }
}
