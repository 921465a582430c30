using Sluice.Linux;
using Sluice.Session;

namespace Sluice.Mounter.Sessions;

/// <summary>What a relay may say, and what is done about it. It comes from a pod: every message is held against the state.</summary>
internal sealed partial class MountSession
{
    /// <summary>A relay that holds the descriptor sends it right behind its Hello; a pod without CPU may take a while for that.</summary>
    private static readonly TimeSpan DepositPatience = TimeSpan.FromSeconds(2);

    /// <summary>Lines in the log that a relay can cause at will.</summary>
    private readonly TokenBucket _remarks = new(20, 1);

    private void OnHello(RelayConnection relay, Hello hello)
    {
        relay.Received = null;
        relay.Ended = static () => { };
        if (hello.MinVersion > SessionProtocol.Version || hello.MaxVersion < 1)
        {
            Refuse(relay, Errno.EPROTONOSUPPORT, $"this mounter speaks the versions 1 to {SessionProtocol.Version}, the relay {hello.MinVersion} to {hello.MaxVersion}");
            return;
        }
        // The old one's end may not have been read yet, nor its goodbye.
        if (_relay is { } other && !other.DrainIfGone())
        {
            _environment.Counters.RefusedRelays++;
            Refuse(relay, Errno.EBUSY, $"the session has a relay, process {other.Peer.Pid}");
            return;
        }
        Log.RelayConnected(_environment.Logger, Request.Id, relay.Peer.Pid, relay.Peer.Uid, hello.RelayVersion, hello.KnowsState, hello.Epoch);
        _relayLimit?.Dispose();
        _relay = relay;
        _serving = false;
        _maxTransfer = hello.MaxTransfer;
        relay.Ended = OnRelayEnded;
        relay.Received = OnMessage;

        if (!hello.KnowsState)
            Welcome("the relay knows nothing of an earlier one");
        else if (_store.Device is { } device)
            WelcomeBackTo(device);
        else if (_adopted && _attached)
            _depositLimit = _environment.Loop.After(DepositPatience, () => Welcome("mounter and relay had both ended"));
        else
            Welcome(_closed ? "the session was closed" : "no mount is known, or its mounter ended before the first Serving");
    }

    private void OnMessage(Message message, FileDescriptor[] descriptors)
    {
        try
        {
            switch (message)
            {
                case Deposit deposit: OnDeposit(deposit, descriptors[0]); break;
                case Stats stats: _stats = stats; break;
                case Closing when _remarks.TryTake(): Log.RelayClosing(_environment.Logger, Request.Id); break;
                case Goodbye goodbye: OnGoodbye(goodbye); break;
                case Error error when _remarks.TryTake(): Log.RelayError(_environment.Logger, Request.Id, error.Errno, error.Message); break;
                case Closing or Error: break;
                case Serving when _depositLimit is null: OnServing(); break;
                case Absent absent when _depositLimit is null: OnAbsent(absent); break;
                case MorePairs more when _depositLimit is null: SendPairs(more.Count); break;
                case KilledQuery query when _depositLimit is null: AnswerKilled(query); break;
                default: _relay?.Send(new Error(Errno.EPROTO, $"{message.GetType().Name} has no place here")); break;
            }
        }
        catch (LinuxException e)
        {
            // Open: the relay may try again; it is told, and the log has it.
            if (_remarks.TryTake())
                Log.RelayRequestFailed(_environment.Logger, Request.Id, message.GetType().Name, e.Message);
            _relay?.Send(new Error(e.Errno, e.Message));
        }
        finally
        {
            _environment.ForeignDescriptors.Close(descriptors);
        }
    }

    /// <summary>A fresh mount: its first request is INIT.</summary>
    private void Welcome(string reason)
    {
        EndAwaitingDeposit();
        try
        {
            MountAfresh(reason);
            SendWelcome(resumed: false);
        }
        catch (LinuxException e)
        {
            // Closed: no relay without a mount. It may try again.
            Log.NotMounted(_environment.Logger, Request.Id, e.Message);
            if (_relay is { } relay)
            {
                _relay = null;
                Refuse(relay, e.Errno, e.Message);
            }
        }
    }

    /// <summary>The mount that is there, attached or not, unless somebody ended it.</summary>
    private void WelcomeBackTo(FileDescriptor device)
    {
        if (!DescriptorStore.IsAlive(device))
        {
            Welcome("its connection was ended by somebody else");
            return;
        }
        EndAwaitingDeposit();
        _environment.Counters.ResumedMounts++;
        Log.Resumed(_environment.Logger, Request.Id, _record.Connection ?? 0);
        SendWelcome(resumed: true);
    }

    private void SendWelcome(bool resumed)
    {
        var pairs = DescriptorStore.CreatePairs(SessionProtocol.MinPairs, out int sendBuffer);
        _relay?.Send(
            new Welcome(SessionProtocol.Version, Request.Id, Request.ReadOnly, resumed, _record.Connection ?? 0, sendBuffer),
            [_store.Device!, .. pairs]);
        Close(pairs);
        SendSecret();
    }

    private void SendPairs(int count)
    {
        var pairs = DescriptorStore.CreatePairs(count, out _);
        _relay?.Send(new Pairs(), pairs);
        Close(pairs);
    }

    private void SendSecret()
    {
        if (_secret is not null && _depositLimit is null)
            _relay?.Send(new Secret(_secret));
    }

    private void OnDeposit(Deposit deposit, FileDescriptor device)
    {
        if (_depositLimit is null)
        {
            // It has its Welcome: it reconnected without need, or the mount that it means was not attached and is gone.
            if (deposit.MountId != _record.Connection)
                _relay?.Send(new Error(Errno.EINVAL, $"the session's connection is {_record.Connection}"));
            return;
        }
        if (ProblemOf(deposit, device) is { } problem)
        {
            _environment.Counters.RefusedDeposits++;
            if (_remarks.TryTake())
                Log.DepositRefused(_environment.Logger, Request.Id, problem);
            _relay?.Send(new Error(Errno.EINVAL, problem));
            return;
        }
        _environment.Counters.Deposits++;
        Log.Deposited(_environment.Logger, Request.Id, deposit.MountId);
        _store.Keep(device.Duplicate());
        WelcomeBackTo(device);
    }

    /// <summary>
    /// Whether the descriptor is what it is said to be: the next relay will be given it. The number is held against what an
    /// earlier mounter wrote down, and where the kernel tells a descriptor's connection, against that too.
    /// </summary>
    private string? ProblemOf(Deposit deposit, FileDescriptor device) =>
        !FileStatus.Of(device).IsFuseDevice ? "the descriptor is not of /dev/fuse"
        : deposit.MountId != _record.Connection ? $"connection {deposit.MountId} is not the session's, which is {_record.Connection}"
        : FuseConnections.Of(device) is { } actual && actual != deposit.MountId ? $"the descriptor is of connection {actual}"
        : null;

    private void OnServing()
    {
        if (_store.DetachedMount is { } mount)
            Attach(mount);
        _serving = _attached;
    }

    private void OnAbsent(Absent absent)
    {
        _serving = false;
        AbsentReason = absent.Reason;
        if (_remarks.TryTake())
            Log.ClientAbsent(_environment.Logger, Request.Id, absent.Reason);
    }

    private void OnGoodbye(Goodbye goodbye)
    {
        _lostWrites = goodbye.Clean ? null : goodbye.LostWrites;
        if (!goodbye.Clean)
            Log.WritesLost(_environment.Logger, Request.Id, goodbye.LostWrites);
        Close("the relay said goodbye");
    }

    /// <summary>One look at a time: what comes meanwhile is answered with nobody, and will be asked again.</summary>
    private async void AnswerKilled(KilledQuery query)
    {
        var relay = _relay;
        if (_asking)
        {
            relay?.Send(new KilledAnswer([]));
            return;
        }
        _asking = true;
        try
        {
            relay?.Send(new KilledAnswer(await _environment.KilledTasks.FindAsync(query.Pids)));
        }
        finally
        {
            _asking = false;
        }
    }

    private void OnRelayEnded()
    {
        Log.RelayEnded(_environment.Logger, Request.Id, _relay?.Peer.Pid ?? 0);
        _relay = null;
        _serving = false;
        EndAwaitingDeposit();
        AwaitRelay();
    }

    private void Disconnect()
    {
        EndAwaitingDeposit();
        _relay?.Dispose();
        _relay = null;
        _serving = false;
    }

    private void EndAwaitingDeposit()
    {
        _depositLimit?.Dispose();
        _depositLimit = null;
    }

    private void Refuse(RelayConnection relay, int errno, string reason)
    {
        Log.RelayRefused(_environment.Logger, Request.Id, relay.Peer.Pid, reason);
        relay.Send(new Error(errno, reason));
        relay.Dispose();
    }

    private static void Close(FileDescriptor[] descriptors)
    {
        foreach (var descriptor in descriptors)
            descriptor.Dispose();
    }
}
