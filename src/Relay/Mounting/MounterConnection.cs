using Sluice.Linux;
using Sluice.Session;

namespace Sluice.Relay.Mounting;

/// <summary>
/// The conversation with the node's mounter over the session volume's socket. When the mounter goes, nothing stops: the
/// next one is found on the same path, and gets the descriptor that this relay holds.
/// </summary>
/// <param name="directory">The session volume.</param>
/// <param name="options">How the session is served.</param>
/// <param name="version">Of this relay, for the mounter's log.</param>
internal sealed class MounterConnection(string directory, RelayOptions options, string version) : IMountKeeper
{
    private const int RetryMilliseconds = 100;
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Queue<(FileDescriptor Relay, FileDescriptor Client)> _pairs = new(); // guarded by _gate, as all below
    private readonly ManualResetEventSlim _changed = new(false);
    private SessionChannel? _channel;
    private FileDescriptor? _device;
    private ulong _mountId;
    private uint _epoch;
    private bool _serving;
    private bool _ended;
    private Stats? _reported;
    private bool _replacing;
    private IReadOnlyList<uint>? _killed;

    /// <summary>Credentials that kubelet gave to the mounter and not to the pod; null until some came.</summary>
    public Secret? Secret { get; private set; }

    /// <summary>Called when credentials were changed.</summary>
    public Action<Secret>? SecretChanged { get; set; }

    /// <summary>Called when the mounter has made a fresh mount while this relay served the old one: it must start anew.</summary>
    public Action? Replaced { get; set; }

    public KeptMount Obtain(bool knowsState, uint epoch)
    {
        _epoch = epoch;
        while (true)
        {
            var channel = Connect();
            channel.Send(new Hello(SessionProtocol.Version, SessionProtocol.Version, version, knowsState, epoch, options.MaxTransfer + 4096));
            var message = channel.Receive(out var descriptors);
            while (message is Secret secret)
            {
                Secret = secret;
                message = channel.Receive(out descriptors);
            }
            if (message is Welcome welcome)
            {
                TakePairs(descriptors.AsSpan(1));
                lock (_gate)
                {
                    _channel = channel;
                    _device = descriptors[0].Duplicate();
                    _mountId = welcome.MountId;
                    _serving = welcome.Resumed;
                }
                new Thread(Listen, 256 << 10) { IsBackground = true, Name = "mounter" }.Start();
                return new(descriptors[0], welcome.Resumed, welcome.MountId);
            }
            channel.Dispose();
            if (message is Error { Errno: not Errno.EBUSY and not Errno.EAGAIN } error)
                throw new IOException($"the mounter refused this session: {error.Message}");
            Thread.Sleep(RetryMilliseconds); // the relay before this one is just about to go, or the mounter went
        }
    }

    /// <summary>A fresh mount instead of the one that <see cref="Obtain"/> gave, whose state belongs to another.</summary>
    public KeptMount Again()
    {
        lock (_gate)
        {
            _replacing = true;
            SocketMessages.Shutdown(_channel!.Socket);
            while (_channel is not null)
                WaitForChange();
            _replacing = false;
            _device?.Dispose();
        }
        return Obtain(knowsState: false, 0);
    }

    /// <summary>The credentials, waiting for them; null where none came in time.</summary>
    public Secret? WaitForSecret(TimeSpan limit)
    {
        long until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        lock (_gate)
        {
            while (Secret is null && Environment.TickCount64 < until)
                WaitForChange();
            return Secret;
        }
    }

    public (FileDescriptor Relay, FileDescriptor Client) NextPair()
    {
        lock (_gate)
        {
            if (_pairs.Count == 0)
                Ask(new MorePairs(SessionProtocol.MaxPairs), () => _pairs.Count > 0);
            if (_pairs.TryDequeue(out var pair))
            {
                if (_pairs.Count == 0)
                    Tell(new MorePairs(SessionProtocol.MaxPairs)); // for the time after
                return pair;
            }
        }
        // No mounter now: a pair of our own holds one message of 128 KiB, which is enough to go on.
        return SocketMessages.CreatePair();
    }

    public void Serving(uint epoch)
    {
        lock (_gate)
        {
            (_epoch, _serving) = (epoch, true);
            Tell(new Serving(epoch));
        }
    }

    public void Absent(string reason)
    {
        lock (_gate)
        {
            _serving = false;
            Tell(new Absent(reason));
        }
    }

    public IReadOnlyList<uint> Killed(IReadOnlyList<uint> pids)
    {
        lock (_gate)
        {
            _killed = null;
            Ask(new KilledQuery([.. pids.Take(SessionProtocol.MaxPids)]), () => _killed is not null);
            return _killed ?? [];
        }
    }

    public void Closing()
    {
        lock (_gate)
            Tell(new Closing());
    }

    public void Report(SessionStatus status)
    {
        var c = status.Counters;
        var stats = new Stats(
            (ulong)c.Reads, (ulong)c.Writes, (ulong)c.BytesRead, (ulong)c.BytesWritten, (ulong)c.Requests,
            status.ClientRestarts, (ulong)status.LastRecovery.TotalMicroseconds, (uint)status.OpenFiles, (uint)status.InFlight);
        lock (_gate)
        {
            if (stats == _reported)
                return;
            _reported = stats;
            Tell(stats);
        }
    }

    public void Goodbye(string lost)
    {
        lock (_gate)
        {
            _ended = true;
            Tell(new Goodbye(lost.Length == 0, lost));
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            if (_channel is not null)
                SocketMessages.Shutdown(_channel.Socket);
            _device?.Dispose();
            while (_pairs.TryDequeue(out var pair))
            {
                pair.Relay.Dispose();
                pair.Client.Dispose();
            }
        }
    }

    private SessionChannel Connect()
    {
        while (true)
        {
            try
            {
                return SessionChannel.Connect(directory);
            }
            catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ECONNREFUSED)
            {
                Thread.Sleep(RetryMilliseconds);
            }
        }
    }

    /// <summary>Hears what the mounter says, and finds the next mounter when it is gone.</summary>
    private void Listen()
    {
        var channel = _channel!;
        while (true)
        {
            try
            {
                while (channel.Receive(out var descriptors) is { } message)
                    Hear(channel, message, descriptors);
            }
            catch (IOException)
            {
                // Reset, or nonsense: the same as gone.
            }
            lock (_gate)
            {
                _channel = null;
                channel.Dispose();
                _changed.Set();
                if (_ended || _replacing)
                    return;
            }
            channel = Connect();
            try
            {
                Reintroduce(channel);
            }
            catch (LinuxException)
            {
                Thread.Sleep(RetryMilliseconds); // gone again
            }
        }
    }

    /// <summary>To a mounter that was restarted: who we are, and the descriptor that it has lost.</summary>
    private void Reintroduce(SessionChannel channel)
    {
        lock (_gate)
        {
            channel.Send(new Hello(SessionProtocol.Version, SessionProtocol.Version, version, KnowsState: true, _epoch, options.MaxTransfer + 4096));
            channel.Send(new Deposit(_mountId), _device!);
            _channel = channel;
        }
    }

    private void Hear(SessionChannel channel, Message message, FileDescriptor[] descriptors)
    {
        lock (_gate)
        {
            switch (message)
            {
                case Welcome welcome:
                    TakePairs(descriptors.AsSpan(1));
                    descriptors[0].Dispose();
                    if (!welcome.Resumed)
                        Replaced?.Invoke();
                    else if (_serving)
                        Tell(new Serving(_epoch));
                    break;
                case Pairs:
                    TakePairs(descriptors);
                    break;
                case KilledAnswer answer:
                    _killed = answer.Pids;
                    break;
                case Secret secret:
                    Secret = secret;
                    SecretChanged?.Invoke(secret);
                    break;
                case Unknown unknown:
                    channel.Send(unknown.Refusal);
                    break;
                default:
                    break; // an Error: what it answers goes without
            }
            _changed.Set();
        }
    }

    /// <summary>Sends, and waits for what <paramref name="answered"/> asks for; without a mounter, or in silence, it stays unanswered.</summary>
    private void Ask(Message message, Func<bool> answered)
    {
        if (!Tell(message))
            return;
        long until = Environment.TickCount64 + (long)AnswerTime.TotalMilliseconds;
        while (!answered() && _channel is not null && Environment.TickCount64 < until)
            WaitForChange();
    }

    /// <summary>Leaves the gate for a moment, until the listener has heard something.</summary>
    private void WaitForChange()
    {
        _changed.Reset();
        _gate.Exit();
        try
        {
            _changed.Wait(50);
        }
        finally
        {
            _gate.Enter();
        }
    }

    private bool Tell(Message message)
    {
        try
        {
            _channel?.Send(message);
            return _channel is not null;
        }
        catch (LinuxException)
        {
            return false; // the listener sees it too
        }
    }

    private void TakePairs(ReadOnlySpan<FileDescriptor> ends)
    {
        lock (_gate)
        {
            for (int i = 0; i + 1 < ends.Length; i += 2)
                _pairs.Enqueue((ends[i], ends[i + 1]));
        }
    }
}
