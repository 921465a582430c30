using Sluice.Linux;
using Sluice.Relay;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.Mounting;
using Sluice.Relay.Recovery;
using Sluice.Relay.State;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;

namespace Sluice.RelaySteps.Tests;

/// <summary>
/// Requests that are answered in the place of a client that is gone, by a relay that is killed before each of its writes in turn.
/// Without its threads: what looks after requests that wait is one alone, and would take half a second for every kill.
/// </summary>
public sealed unsafe class AnswersFromMemoryTests
{
    private const uint KilledTask = 5;

    /// <summary>Waiting for a client; or at one that died since, and will not answer.</summary>
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public void Are_counted_once_wherever_the_relay_is_killed(bool sent, bool resends)
    {
        int steps = 0;
        while (Live(sent, resends, steps))
            steps++;
        Assert.InRange(steps, 12, 100);
    }

    private static bool Live(bool sent, bool resends, int steps)
    {
        var kernel = new ScriptedKernel();
        using var file = SharedMapping.CreateAnonymousFile("state");
        var state = SessionState.Create(file.Duplicate(), KillTests.Geometry, 1);
        if (resends)
            state.Header->InitIn.Flags2 = (uint)((ulong)InitFlags.HasResend >> 32);
        state.Header->Epoch = 1;
        var entry = new EntryOut { NodeId = 100, Attr = new Attr { Ino = 7, Mode = FuseAbi.S_IFDIR } };
        Assert.Equal(2U, state.Nodes.Learn(NodeTable.Root, "d"u8, &entry, 1, null));
        state.Header->StatfsKnown = 1;
        ulong[] waiting =
        [
            kernel.Send(Opcode.Lookup, 1, Of("d")),
            kernel.Send(Opcode.Opendir, 2, Of(0u, 0u)),
            kernel.Send(Opcode.Getattr, 2, Of(0u, 0u, 0UL)),
            kernel.Send(Opcode.Statfs, 1, []),
            kernel.Send(Opcode.Read, 2, Messages.ReadIn(0, 0, 100), pid: KilledTask),
        ];
        foreach (ulong _ in waiting)
            Take(kernel, state, sent);

        bool killed = false;
        var life = new Life(steps);
        life.Bury(); // its end is an exception on this one thread
        try
        {
            life.Enter();
            Look(kernel, state);
        }
        catch (Exception) when (life.IsStopped)
        {
            killed = true;
        }
        Life.Leave();
        if (killed)
        {
            kernel.Reconnect();
            state.Dispose();
            state = SessionState.Adopt(file.Duplicate(), KillTests.Geometry, out string reason) ?? throw new InvalidOperationException(reason);
            var (answers, rare, _) = Parts(kernel, state);
            new Adoption(kernel.Device, state, rare, answers).Run();
            for (int i = 0; i < state.Requests.UsedMark; i++)
                state.Requests[i]->Arrived -= 5000;
            Look(kernel, state);
        }
        Assert.All(waiting[..4], unique => Assert.Equal(0, kernel.Wait(unique, 0).Error));
        Assert.Equal(Errno.EINTR, kernel.Wait(waiting[4], 0).Error);
        // The lookup from before, and that which was answered.
        state.Nodes.Forget(2, 1, 1, null);
        Assert.True(state.Nodes.IsLive(2), $"killed after {steps}: a lookup too few");
        state.Nodes.Forget(2, 1, 1, null);
        Assert.False(state.Nodes.IsLive(2), $"killed after {steps}: a lookup too many");
        Assert.Equal(1, state.Handles.Count);
        Assert.True(state.Handles.IsLive(kernel.Wait(waiting[1], 0).Body.U64()));
        for (int i = 0; i < state.Requests.UsedMark; i++)
            Assert.Contains(state.Requests[i]->State, sent && !killed ? [SlotState.Abandoned] : new[] { SlotState.Free, SlotState.Abandoned });
        kernel.Dispose();
        state.Dispose();
        return killed;
    }

    private static void Take(ScriptedKernel kernel, SessionState state, bool sent)
    {
        var landing = state.LandingOf(0);
        Assert.True(state.Requests.Prepare(landing));
        int length = kernel.Device.Read(state.Requests.BufferOf(landing), KillTests.Geometry.LargeBufferSize);
        var slot = state.Requests.Take(landing, length, (uint)Environment.TickCount64 - 5000);
        InFlight.Set(slot, sent ? Slot.WordOf(SlotState.Sent, 1, slot->Generation) : slot->ParkedWord);
    }

    /// <summary>Two looks: the first finds that nobody answers.</summary>
    private static void Look(ScriptedKernel kernel, SessionState state)
    {
        var options = new RelayOptions([]);
        var (answers, _, pending) = Parts(kernel, state);
        var watch = new Watch(state, pending, answers, new Keeper(), options);
        for (int i = 0; i < 2; i++)
            watch.Tick((uint)Environment.TickCount64 - 5000, null);
    }

    private static (Answers Answers, RareRequests Rare, PendingRequests Pending) Parts(ScriptedKernel kernel, SessionState state)
    {
        var (options, counters) = (new RelayOptions([]), new Counters());
        var unflushed = new UnflushedWrites(state, options);
        var replies = new ReplyTranslation(state, unflushed, counters);
        var answers = new Answers(kernel.Device, state, replies, counters);
        var resolver = new Resolver(state, answers);
        var pending = new PendingRequests(state, answers, resolver, new OwnSyncs(state, resolver, unflushed, options, counters));
        return (answers, new RareRequests(kernel.Device, state, pending, replies, counters), pending);
    }

    /// <summary>Knows one task that was killed.</summary>
    private sealed class Keeper : IMountKeeper
    {
        public KeptMount Obtain(bool knowsState, uint epoch) => throw new NotSupportedException();

        public (FileDescriptor Relay, FileDescriptor Client) NextPair() => throw new NotSupportedException();

        public void Serving(uint epoch)
        {
        }

        public void Absent(string reason)
        {
        }

        public IReadOnlyList<uint> Killed(IReadOnlyList<uint> pids) => [.. pids.Where(pid => pid == KilledTask)];

        public void Report(SessionStatus status)
        {
        }

        public void Closing()
        {
        }

        public void Goodbye(string lost)
        {
        }

        public void Dispose()
        {
        }
    }
}
