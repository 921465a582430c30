using System.Diagnostics;
using Sluice.Linux;
using Sluice.Relay.Client;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.Mounting;
using Sluice.Relay.Recovery;
using Sluice.Relay.State;

namespace Sluice.Relay;

/// <summary>How a session ended.</summary>
/// <param name="Status">The exit status of the relay.</param>
/// <param name="Reason">For people; empty when it ended as asked.</param>
internal readonly record struct SessionEnd(int Status, string Reason);

/// <summary>
/// One session: its mount, its state, and one client after another until somebody asks for the end. The threads of
/// <see cref="RelayLoop"/> carry the requests; this one starts clients and waits for their deaths.
/// </summary>
internal sealed unsafe class RelaySession : IDisposable
{
    private const int MaxLostNames = 20; // in the last message; a termination message holds 4 KiB
    private const int MaxFailedStarts = 6; // in a row, before the container is given up to kubelet
    private const int OrphansEvery = 1000; // milliseconds
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(5);

    private readonly RelayOptions _options;
    private readonly IMountKeeper _keeper;
    private readonly Fusermount? _fusermount;
    private readonly RelayLog _log;
    private readonly WakeSignal _stop = new();
    private readonly WakeSignal _gone = new();
    private readonly ManualResetEventSlim _disposed = new(false, 0);
    private readonly Counters _counters = new();
    private readonly SessionState _state;
    private readonly FuseDevice _device;
    private readonly PendingRequests _pending;
    private readonly RareRequests _rare;
    private readonly RelayLoop _loop;
    private readonly Resolver _resolver;
    private readonly Settlement _settlement;
    private readonly UnflushedWrites _unflushed;
    private readonly WriteReplay _replay;
    private readonly Handshake _handshake;
    private readonly Answers _answers;
    private readonly Notifications _notifications;
    private readonly SpinPolicy _spin;
    private readonly InlineLane? _lane;
    private readonly byte* _replies;
    private volatile ClientProcess? _client;
    private volatile ClientLink? _link; // of the client that runs, before it serves too
    private long _absentSince; // milliseconds of the boot clock; 0: there is a client
    private string _lastLines = ""; // of the last client that has ended
    private int _signal;
    private ChildExit? _exit; // of the last client, once the end was asked for

    /// <summary>Puts the parts together; nothing runs yet. State and device are its own from now on.</summary>
    public RelaySession(RelayOptions options, IMountKeeper keeper, Fusermount? fusermount, SessionState state, FuseDevice device, RelayLog log)
    {
        (_options, _keeper, _fusermount, _state, _device, _log) = (options, keeper, fusermount, state, device, log);
        _unflushed = new(state, options);
        var replies = new ReplyTranslation(state, _unflushed, _counters);
        _answers = new(device, state, replies, _counters);
        _resolver = new(state, _answers);
        _settlement = new(state, _resolver, _answers);
        _handshake = new(device, state, options);
        _replay = new(state, _resolver, _unflushed, options);
        _pending = new(state, _answers, _resolver, new OwnSyncs(state, _resolver, _unflushed, options, _counters));
        _rare = new(device, state, _pending, replies, _counters);
        _notifications = new(device, state, _counters);
        _loop = new(device, state, _pending, _answers, _rare, _notifications, _counters);
        _spin = new(SpinPolicy.FindGroup(), options.Spin);
        _lane = _spin.IsPossible ? new InlineLane() : null;
        _replies = (byte*)System.Runtime.InteropServices.NativeMemory.Alloc((nuint)state.Geometry.LargeBufferSize);
    }

    /// <summary>How the session is now.</summary>
    public SessionStatus Now() => new(
        Volatile.Read(ref _absentSince) == 0 ? _client?.Id : null,
        (uint)Math.Max(0, _counters.ClientStarts - 1),
        TimeSpan.FromMicroseconds(_counters.LastRecoveryMicroseconds),
        _state.Handles.Count,
        _state.Nodes.Count,
        _state.Requests.InUse,
        (long)_state.Journal.InUse * WriteJournal.BlockSize,
        (long)_state.Journal.Peak * WriteJournal.BlockSize,
        _counters,
        _client?.LastLines ?? _lastLines);

    /// <summary>Asks for the end: the signal goes to the client, which writes out what it holds.</summary>
    public void Stop(int signal)
    {
        Interlocked.CompareExchange(ref _signal, signal, 0);
        _stop.Set();
    }

    /// <summary>Serves until the mount is gone, somebody asks for the end, or no client can be started.</summary>
    public SessionEnd Run(bool adopted)
    {
        if (adopted)
            Adopt();
        StartThreads();
        int failed = 0;
        long died = adopted ? Stopwatch.GetTimestamp() : 0;
        while (true)
        {
            var outcome = ServeOneClient(died, out bool served, out var exit, out string reason);
            died = Stopwatch.GetTimestamp();
            if (outcome is { } end)
                return end;
            failed = served ? 0 : failed + 1;
            if (failed == MaxFailedStarts)
                return new(exit.Status == 0 ? 1 : exit.Status, $"the client failed {failed} times in a row: {reason}{Advice()}");
            _log.ClientEnded(reason);
            _keeper.Absent(reason);
            if (failed > 1 && Poll.Wait(_stop.Descriptor, PollEvents.In, BackOff(failed)))
                return End(null, served: false);
        }
    }

    /// <summary>Ends the threads that can be ended. The tables stay: readers may be in them until the process ends.</summary>
    public void Dispose()
    {
        _disposed.Set();
        _pending.Dispose();
        _notifications.Dispose();
        _stop.Dispose(); // not _gone: a reader that ends later still sets it, and its number may be another file's by then
    }

    private void Adopt()
    {
        int waiting = new Adoption(_device, _state, _rare, _answers).Run();
        Lose();
        _log.Adopted(_state.Nodes.Count, _state.Handles.Count, waiting);
    }

    private void StartThreads()
    {
        if (_state.Header->InitInLength > 0)
            _rare.InitArrived.Set();
        _pending.Start();
        _notifications.Start();
        _device.Descriptor.SetNonBlocking(_lane is not null);
        if (_lane is { } lane)
        {
            lane.MaySpin = true;
            StartReader("inline", () => _loop.CarryBoth(lane, _replies, _state.Geometry.LargeBufferSize));
        }
        for (int i = 0; i < _options.Readers && _lane is null; i++)
        {
            int reader = i;
            StartReader($"reader {i}", () => _loop.ReadRequests(reader));
        }
        new Thread(WatchRequests, 256 << 10) { IsBackground = true, Name = "watch" }.Start();
    }

    private void StartReader(string name, Func<int> read) => new Thread(() =>
    {
        int error = read();
        if (error is not (Errno.ENODEV or Errno.EBADF)) // the mount is gone, or this process ends
            _log.DeviceFailed(error);
        _lane?.End();
        _gone.Set();
    }, 256 << 10)
    { IsBackground = true, Name = name }.Start();

    /// <summary>One client from its start to its death. Returns how the session ended, or null when the next client is due.</summary>
    private SessionEnd? ServeOneClient(long died, out bool served, out ChildExit exit, out string reason)
    {
        served = false;
        exit = default;
        Interlocked.CompareExchange(ref _absentSince, Environment.TickCount64, 0); // a client that failed to start changes nothing
        var (ours, theirs) = _keeper.NextPair();
        CrashPoint.Pass();
        uint epoch = ++_state.Header->Epoch;
        using var link = new ClientLink(epoch, ours);
        _counters.ClientStarts++;
        _fusermount?.Offer(theirs);
        ClientProcess client;
        long starting = Stopwatch.GetTimestamp();
        try
        {
            client = ClientProcess.Start(_options, theirs, _fusermount);
        }
        catch (LinuxException e)
        {
            theirs.Dispose();
            reason = e.Message;
            exit = new(127, null);
            return null;
        }
        using (client)
        {
            (_client, _link) = (client, link);
            _state.Header->ClientStarted = client.StartTime;
            CrashPoint.Pass();
            _state.Header->ClientPid = client.Id;
            var replies = PassReplies(link);
            string? refused = null;
            SessionEnd? end = null;
            // The introduction waits for the client, and the client may die in it: it has a thread of its own.
            var introduction = new Thread(() => refused = Introduce(link, starting, died), 256 << 10) { IsBackground = true, Name = "introduction" };
            introduction.Start();
            end = WaitForDeath(client, link, introduction);
            // With it goes what it started: sshfs's ssh would still deliver old writes, over those that are made from now on.
            client.Kill();
            Poll.Wait(client.Ended, PollEvents.In, -1);
            exit = _exit ?? client.Reap() ?? default;
            link.Suspicion = Suspicion.Of(exit);
            _pending.Close();
            link.End();
            introduction.Join();
            replies?.Join();
            _lane?.Set(null);
            served = link.Served;
            _fusermount?.Offer(null);
            theirs.Dispose();
            _ = client.Reap(); // what it had started has ended by now, too
            reason = refused is null ? exit.ToString() : $"{refused} ({exit})";
            if (client.LastLines is { Length: > 0 } lines && !served)
                reason += $": {lines[(lines.LastIndexOf('\n') + 1)..]}";
            _lastLines = client.LastLines;
            (_client, _link) = (null, null);
            CrashPoint.Pass();
            _state.Header->ClientPid = 0;
            Collect(epoch, link.Suspicion);
            return end;
        }
    }

    /// <summary>The thread that passes a client's replies on; null where one thread carries both directions.</summary>
    private Thread? PassReplies(ClientLink link)
    {
        if (_lane is not null)
        {
            _lane.Set(link);
            return null;
        }
        var thread = new Thread(() => _loop.ReadReplies(link, _replies, _state.Geometry.LargeBufferSize), 256 << 10) { IsBackground = true, Name = "replies" };
        thread.Start();
        return thread;
    }

    /// <summary>INIT, then what the client before left half done, then the rest. Returns null, or why this client cannot serve.</summary>
    private string? Introduce(ClientLink link, long starting, long died)
    {
        while (!_rare.InitArrived.Wait(100))
        {
            if (link.Ended)
                return null;
        }
        if (_handshake.Introduce(link) is { } refused)
            return link.Ended ? null : refused;
        long started = Stopwatch.GetTimestamp();
        int settled = Settle(link);
        Replay(link);
        if (link.Ended)
            return null;
        link.Served = true;
        link.LastHeard = (uint)Environment.TickCount64;
        _pending.Open(link);
        Volatile.Write(ref _absentSince, 0);
        _notifications.WakePolled();
        if (died != 0)
        {
            _counters.LastRecoveryMicroseconds = (long)Stopwatch.GetElapsedTime(died).TotalMicroseconds;
            _log.Recovered(Stopwatch.GetElapsedTime(died), Stopwatch.GetElapsedTime(starting, started), settled);
        }
        _keeper.Serving(link.Epoch);
        if (died == 0)
            _log.Serving(Stopwatch.GetElapsedTime(starting));
        return null;
    }

    /// <summary>Completes, in their order, the requests that cannot simply be repeated. Returns how many requests the old client had.</summary>
    private int Settle(ClientLink link)
    {
        int sent = 0;
        foreach (int index in _pending.Parked())
        {
            var slot = _state.Requests[index];
            if (slot->WasSent == 0 || !InFlight.TryClaim(slot))
                continue;
            sent++;
            bool done = true;
            switch (Opcodes.Of(((InHeader*)_state.Requests.RequestOf(slot))->Opcode).AfterCrash)
            {
                case AfterCrash.Settle:
                    done = _settlement.Settle(slot, link) || (link.Ended && GiveUp(slot, link.Suspicion));
                    break;
                case AfterCrash.Fail:
                    _answers.InPlace(slot, Errno.EIO);
                    break;
                case AfterCrash.Local when !_state.Journal.Has(((InHeader*)_state.Requests.RequestOf(slot))->NodeId):
                    _answers.Released(slot);
                    break;
                default:
                    done = false;
                    break;
            }
            if (!done)
                InFlight.Set(slot, slot->ParkedWord);
        }
        return sent;
    }

    /// <summary>What the client before had acknowledged and not handed on.</summary>
    private void Replay(ClientLink link)
    {
        var done = _replay.Run(link);
        _counters.ReplayedWrites += done.Writes;
        _counters.ReplayedBytes += done.Bytes;
        _counters.FilesLost += done.Lost;
        if (done.Files > 0)
            _log.Replayed(done.Files, done.Writes, done.Bytes);
        if (done.Lost > 0)
            _log.NotReplayed(done.Lost, done.LostPath, done.LostErrno);
    }

    /// <summary>Waits for the client's end; or for that of the session, and then for the client's.</summary>
    private SessionEnd? WaitForDeath(ClientProcess client, ClientLink link, Thread introduction)
    {
        Span<PollEntry> entries = [new(client.Ended.Number, PollEvents.In), new(_stop.Descriptor.Number, PollEvents.In), new(_gone.Descriptor.Number, PollEvents.In)];
        while (true)
        {
            bool introduced = introduction.Join(0);
            if (introduced && !link.Served)
                return null; // refused
            Poll.Wait(entries, introduced ? OrphansEvery : 20);
            ChildProcess.ReapOrphans(client.Id);
            if (entries[0].Returned != PollEvents.None)
                return null;
            if (entries[1].Returned != PollEvents.None || entries[2].Returned != PollEvents.None)
                return End(client, link.Served);
        }
    }

    /// <summary>Lets the client write out what it holds, and ends the mount: from now on every call on it fails at once.</summary>
    /// <param name="client">The one that runs.</param>
    /// <param name="served">Whether it has all that the one before it had not handed on.</param>
    private SessionEnd End(ClientProcess? client, bool served)
    {
        bool asked = Volatile.Read(ref _signal) != 0;
        if (asked)
            _keeper.Closing();
        bool flushed = client is not null && LetFlush(client, asked ? _signal : ChildProcess.SIGTERM) && served;
        string lost = string.Join(", ", _state.LostAtEnd(flushed, MaxLostNames));
        _notifications.ForgetAttributes();
        _keeper.Goodbye(lost);
        if (lost.Length > 0)
            return new(1, $"acknowledged writes could not be handed on: {lost}");
        return new(0, asked ? "" : "the mount is gone");
    }

    /// <summary>Whether the client ended by itself, in time and without an error: it has written out what it held.</summary>
    private bool LetFlush(ClientProcess client, int signal)
    {
        client.Signal(signal);
        bool inTime = Poll.Wait(client.Ended, PollEvents.In, (int)_options.FlushTimeout.TotalMilliseconds);
        if (!inTime)
            client.Kill();
        Poll.Wait(client.Ended, PollEvents.In, -1);
        _exit = client.Reap();
        return inTime && _exit is { Status: 0 };
    }

    /// <summary>What was at the client waits for the next; what it held and never wrote is lost, and will be said.</summary>
    private void Collect(uint epoch, uint suspicion)
    {
        for (int i = 0; i < _state.Requests.UsedMark; i++)
        {
            var slot = _state.Requests[i];
            ulong word = Volatile.Read(ref slot->Word);
            if ((uint)(word >> 32) != epoch)
                continue;
            if ((SlotState)(byte)word is SlotState.Abandoned or SlotState.Claimed)
            {
                if (InFlight.TryTakeAbandoned(slot, epoch, slot->Generation))
                    _state.Requests.Release(slot);
                continue;
            }
            if ((SlotState)(byte)word != SlotState.Sent || !InFlight.TryMove(slot, word, Slot.WordOf(SlotState.Claimed)))
                continue;
            CrashPoint.Pass();
            slot->WasSent = 1;
            if (GiveUp(slot, suspicion))
                continue;
            InFlight.Set(slot, slot->ParkedWord);
        }
        Lose();
    }

    private bool GiveUp(Slot* slot, uint suspicion)
    {
        var opcode = ((InHeader*)_state.Requests.RequestOf(slot))->Opcode;
        if (!_answers.GiveUp(slot, suspicion))
            return false;
        _log.Poisonous(opcode);
        return true;
    }

    private void Lose()
    {
        int lost = _unflushed.LoseUnjournaled();
        _counters.FilesLost += lost;
        if (lost > 0)
            _log.Lost(lost);
    }

    private void WatchRequests()
    {
        var watch = new Watch(_state, _pending, _answers, _keeper, _options);
        var memory = new MemoryGuard(MemoryGuard.FindGroup());
        var reported = TimeSpan.Zero;
        while (!_disposed.Wait(Watch.TickMilliseconds))
        {
            long since = Volatile.Read(ref _absentSince);
            bool hung = watch.Tick(since == 0 ? null : (uint)since, _link);
            if (_client is { } client)
            {
                if (hung)
                    _log.Hung(_options.HangTimeout);
                long used = 0, limit = 0;
                bool full = since == 0 && memory.IsNearLimit(client.Id, out used, out limit);
                if (full)
                    _log.NearMemoryLimit(used, limit);
                if (hung || full)
                    client.Kill();
            }
            if (_lane is not null)
                _lane.MaySpin = _spin.MaySpin();
            reported += TimeSpan.FromMilliseconds(Watch.TickMilliseconds);
            if (reported < ReportEvery)
                continue;
            reported = TimeSpan.Zero;
            _keeper.Report(Now());
        }
    }

    /// <summary>What helps most clients that cannot even start.</summary>
    private string Advice() => _fusermount is null ? $". A client that cannot mount on /dev/fd/{ClientProcess.SocketNumber} (bindfs, rclone, s3fs) needs --fusermount" : "";

    private static int BackOff(int failed) => (int)Math.Min(LongestBackOff.TotalMilliseconds, 50 << Math.Min(failed, 10));
}
