using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Tests.State;

public sealed unsafe class HandleTableTests : IDisposable
{
    private readonly StateRoom _room = new();

    public void Dispose() => _room.Dispose();

    [Fact]
    public void An_heir_knows_who_opened_what_and_nothing_of_the_old_client()
    {
        uint handle = Open(fh: 77, epoch: 1, flags: 0x401);
        Assert.True(_room.State.Handles.TryBound(handle, 1, out var client));
        Assert.Equal(77UL, client.Fh);
        _room.TakeOver();
        Assert.Equal([handle], _room.State.Handles.Live());
        var record = _room.State.Handles[handle];
        Assert.Equal((5U, 0x401U, 10U, 20U, 30U), (record->Node, record->OpenFlags, record->Uid, record->Gid, record->Pid));
        Assert.False(_room.State.Handles.TryBound(handle, 1, out _));
        _room.State.Handles.Bind(handle, new(3), 2);
        Assert.True(_room.State.Handles.TryBound(handle, 2, out client));
        Assert.Equal(3UL, client.Fh);
    }

    [Fact]
    public void Handle_0_is_0_for_every_client()
    {
        Assert.True(_room.State.Handles.TryBound(0, 9, out var client));
        Assert.Equal(0UL, client.Fh);
        Assert.False(_room.State.Handles.IsLive(0));
        Assert.False(_room.State.Handles.TryBound(ulong.MaxValue, 9, out _));
    }

    [Fact]
    public void A_full_table_opens_nothing_until_something_is_closed()
    {
        var open = new List<uint>();
        while (Open((ulong)open.Count, 1) is not 0 and var handle)
            open.Add(handle);
        Assert.Equal(StateRoom.Geometry.Handles - 1, open.Count);
        Assert.Equal(open.Count, open.Distinct().Count());
        _room.State.Handles.Close(open[3]);
        _room.State.Handles.Close(open[3]); // nothing happens
        _room.State.Handles.Close(123456);
        _room.TakeOver();
        Assert.Equal(open[3], Open(1, 2));
        Assert.Equal(0U, Open(1, 2));
        Assert.Equal(open.Count, _room.State.Handles.Count);
    }

    private uint Open(ulong fh, uint epoch, uint flags = 0)
    {
        _room.State.Header->NodesUsed = Math.Max(6, _room.State.Header->NodesUsed);
        var opener = new InHeader { Uid = 10, Gid = 20, Pid = 30 };
        return _room.State.Handles.Open(5, directory: false, flags, &opener, new(fh), epoch, null);
    }
}
