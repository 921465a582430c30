using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Tests.State;

public sealed unsafe class InFlightTests : IDisposable
{
    private readonly StateRoom _room = new();

    public void Dispose() => _room.Dispose();

    [Theory]
    [InlineData(InHeader.Size + 10)]
    [InlineData(InFlight.SmallBuffer)]
    [InlineData(InFlight.SmallBuffer + 1)]
    [InlineData(8192 + 80)]
    public void A_request_moves_from_its_landing_into_a_slot(int length)
    {
        Land(0, length, unique: 10);
        var slot = _room.State.Requests.Take(_room.State.LandingOf(0), length, 5);
        Assert.Equal((SlotState.Claimed, 10UL, (uint)length, 1), (slot->State, slot->Unique, slot->Length, _room.State.Requests.InUse));
        Assert.Equal((uint)length, ((InHeader*)_room.State.Requests.RequestOf(slot))->Len);
        Assert.Equal(0U, *(uint*)_room.State.Requests.BufferOf(_room.State.LandingOf(0)));
        _room.TakeOver();
        slot = _room.State.Requests[_room.State.Requests.IndexOf(_room.State.Requests[0])];
        Assert.Equal((SlotState.Claimed, 10UL, (uint)length), (slot->State, slot->Unique, slot->Length));
        _room.State.Requests.Release(slot);
        Assert.Equal(0, _room.State.Requests.InUse);
    }

    [Fact]
    public void A_reader_waits_before_it_reads_and_never_with_a_request_in_hand()
    {
        var requests = _room.State.Requests;
        var taken = new List<int>();
        for (int i = 0; i < StateRoom.Geometry.Slots; i++)
        {
            Assert.True(requests.Prepare(_room.State.LandingOf(0)));
            Land(0, 100, (ulong)i);
            taken.Add(requests.IndexOf(requests.Take(_room.State.LandingOf(0), 100, 0)));
        }
        Assert.Equal(requests.Capacity, requests.InUse);
        using var prepared = new ManualResetEventSlim();
        var reader = new Thread(() =>
        {
            requests.Prepare(_room.State.LandingOf(0));
            prepared.Set();
        });
        reader.Start();
        Assert.False(prepared.Wait(50, TestContext.Current.CancellationToken));
        requests.Release(requests[taken[7]]);
        Assert.True(prepared.Wait(5000, TestContext.Current.CancellationToken));
        reader.Join();
    }

    [Fact]
    public void What_large_requests_leave_is_enough_for_an_heir_of_every_reader()
    {
        var requests = _room.State.Requests;
        for (int reader = 0; reader < 2; reader++)
            Assert.True(requests.Prepare(_room.State.LandingOf(reader)));
        // Eight buffers: four at landings, one more for each of the two readers, two at slots.
        for (int i = 0; i < 2; i++)
        {
            Land(0, 8000, (ulong)(10 + i));
            requests.Take(_room.State.LandingOf(0), 8000, 0);
            if (i == 0)
                Assert.True(requests.Prepare(_room.State.LandingOf(0)));
        }
        Land(0, 8000, 20);
        Land(1, 8000, 21);
        _room.TakeOver();
        for (int reader = 0; reader < 2; reader++)
            Assert.Equal((ulong)(20 + reader), _room.State.Requests.Take(_room.State.LandingOf(reader), 8000, 0)->Unique);
        Assert.Equal(4, _room.State.Requests.InUse);
    }

    /// <summary>A kill between the two steps of <see cref="InFlight.Take"/>: the slot is said to be in use, the landing still has its buffer.</summary>
    [Theory]
    [InlineData(200)]
    [InlineData(8000)]
    public void A_request_in_a_landing_and_a_slot_is_whole_in_the_slot(int length)
    {
        Land(1, length, unique: 10);
        uint buffer = _room.State.LandingOf(1)->Buffer;
        var slot = _room.State.Requests.Take(_room.State.LandingOf(1), length, 0);
        if (length > InFlight.SmallBuffer)
            _room.State.LandingOf(1)->Buffer = buffer;
        else
            Land(1, length, unique: 10);
        _room.TakeOver();
        slot = _room.State.Requests[0];
        *(uint*)_room.State.Requests.BufferOf(_room.State.LandingOf(1)) = 0; // the next read
        Assert.Equal((uint)length, ((InHeader*)_room.State.Requests.RequestOf(slot))->Len);
    }

    [Fact]
    public void A_slot_that_is_used_again_has_another_generation_and_a_later_sequence()
    {
        Land(0, 100, 1);
        var slot = _room.State.Requests.Take(_room.State.LandingOf(0), 100, 0);
        var (generation, sequence) = (slot->Generation, slot->Sequence);
        (slot->ReplyLength, slot->Applied, slot->WasSent, slot->Suspicion) = (0, 1, 1, 2);
        _room.State.Requests.Release(slot);
        Land(0, 100, 2);
        slot = _room.State.Requests.Take(_room.State.LandingOf(0), 100, 0);
        Assert.Equal((generation + 1, sequence + 1, 0U, 0U, 0U), (slot->Generation, slot->Sequence, slot->Applied, slot->WasSent, slot->Suspicion));
    }

    [Fact]
    public void A_request_that_waits_is_not_taken_for_one_that_waited_in_its_slot_before()
    {
        Land(0, 100, 1);
        var slot = _room.State.Requests.Take(_room.State.LandingOf(0), 100, 0);
        InFlight.Set(slot, slot->ParkedWord);
        ulong seen = slot->Word;
        Assert.True(InFlight.TryClaim(slot));
        _room.State.Requests.Release(slot);
        Land(0, 100, 2);
        Assert.True(slot == _room.State.Requests.Take(_room.State.LandingOf(0), 100, 0));
        InFlight.Set(slot, slot->ParkedWord);
        Assert.False(InFlight.TryMove(slot, seen, Slot.WordOf(SlotState.Claimed)));
        Assert.True(InFlight.TryClaim(slot));
    }

    /// <summary>A FORGET of several nodes whose relay is killed after each of its steps is done once in all.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_forget_is_gone_on_with_where_a_killed_relay_stopped(int done)
    {
        var nodes = Enumerable.Range(0, 3).Select(i => _room.Learn(NodeTable.Root, $"f{i}", (ulong)(100 + i))).ToArray();
        foreach (uint node in nodes)
            _room.Learn(NodeTable.Root, $"f{Array.IndexOf(nodes, node)}", (ulong)(100 + Array.IndexOf(nodes, node)));
        var landing = _room.State.LandingOf(0);
        for (int i = 0; i < done; i++)
            _room.Nodes.Forget(nodes[i], 1, 1, landing);
        // Killed after the count was noted and written, before the step was counted.
        landing->NoteForget(1);
        Node(nodes[done])->Lookups = 1;
        _room.TakeOver();
        landing = _room.State.LandingOf(0);
        for (int i = (int)landing->ForgetsDone; i < nodes.Length; i++)
            _room.Nodes.Forget(nodes[i], 1, 1, landing);
        Assert.Equal(3U, landing->ForgetsDone);
        Assert.All(nodes, node => Assert.Equal(1UL, Node(node)->Lookups));
    }

    private NodeRecord* Node(uint node) => _room.Raw.Nodes + node;

    private void Land(int reader, int length, ulong unique)
    {
        byte* buffer = _room.State.Requests.BufferOf(_room.State.LandingOf(reader));
        *(InHeader*)buffer = new InHeader { Len = (uint)length, Opcode = Opcode.Setxattr, Unique = unique, NodeId = 1 };
    }
}
