using System.Collections.Concurrent;
using Sluice.Linux;

namespace Sluice.Mounter.Sessions;

/// <summary>
/// The one thread that owns every session: sockets, timers and what others post run here one after the other, and what
/// they await comes back here. A thousand sessions cost no thread each, and their state needs no lock.
/// </summary>
internal sealed class SessionLoop : SynchronizationContext, IDisposable
{
    private readonly EventPoll _poll = new();
    private readonly WakeSignal _wake = new();
    private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private readonly Dictionary<ulong, Watch> _watches = []; // the loop's own
    private readonly PriorityQueue<Timer, long> _timers = new(); // the loop's own
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private ulong _lastToken;
    private volatile bool _stopping;

    /// <summary>Starts the thread.</summary>
    public SessionLoop(ILogger logger)
    {
        _logger = logger;
        _poll.Add(_wake.Descriptor, 0);
        _thread = new Thread(Run) { Name = "sessions", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Runs <paramref name="work"/> on the loop, from any thread.</summary>
    public Task<T> InvokeAsync<T>(Func<Task<T>> work)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(_ => Complete(), null);
        return result.Task;

        async void Complete()
        {
            try
            {
                result.SetResult(await work());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        }
    }

    /// <summary>Runs <paramref name="work"/> on the loop, from any thread.</summary>
    public Task InvokeAsync(Action work) => InvokeAsync(() =>
    {
        work();
        return Task.FromResult(true);
    });

    /// <summary>Calls <paramref name="ready"/> whenever there is something to read, until the watch is disposed, which comes before the descriptor's end.</summary>
    public Watch WatchInput(FileDescriptor fd, Action ready) => new(this, fd, ready);

    /// <summary>Calls <paramref name="due"/> once, unless the timer is disposed before.</summary>
    public IDisposable After(TimeSpan delay, Action due)
    {
        var timer = new Timer(due);
        _timers.Enqueue(timer, Environment.TickCount64 + (long)delay.TotalMilliseconds);
        return timer;
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        _posted.Enqueue((d, state));
        _wake.Set();
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("nothing waits for the loop");

    /// <summary>Ends the thread; nothing runs on it any more when this returns. Not for the loop itself to call.</summary>
    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _thread.Join();
        _poll.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        SetSynchronizationContext(this);
        Span<ulong> ready = stackalloc ulong[EventPoll.Batch];
        while (!_stopping)
        {
            int count = _poll.Wait(ready, MillisecondsToNextTimer());
            foreach (ulong token in ready[..count])
            {
                if (token == 0)
                    _wake.Reset();
                else if (_watches.TryGetValue(token, out var watch)) // an earlier one of this batch may have ended it
                    RunWatch(watch);
            }
            while (_posted.TryDequeue(out var posted))
                Guarded(() => posted.Callback(posted.State));
            while (_timers.TryPeek(out var timer, out long due) && due <= Environment.TickCount64)
            {
                _ = _timers.Dequeue();
                if (timer.Due is { } action)
                    Guarded(action);
            }
        }
    }

    private int MillisecondsToNextTimer()
    {
        if (!_posted.IsEmpty)
            return 0;
        while (_timers.TryPeek(out var timer, out long due))
        {
            if (timer.Due is not null)
                return (int)Math.Clamp(due - Environment.TickCount64, 0, int.MaxValue);
            _ = _timers.Dequeue();
        }
        return -1;
    }

    /// <summary>What failed once would fail again at once, for its input is still there (accept without a free descriptor): it rests a second.</summary>
    private void RunWatch(Watch watch)
    {
        if (!Guarded(watch.Ready))
            watch.PauseFor(TimeSpan.FromSeconds(1));
    }

    /// <summary>Open: whatever failed was one session's, and the others go on.</summary>
    private bool Guarded(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception e)
        {
            Log.StepFailed(_logger, e);
            return false;
        }
    }

    /// <summary>A watched descriptor, which is not its own.</summary>
    internal sealed class Watch : IDisposable
    {
        private readonly SessionLoop _loop;
        private readonly FileDescriptor _fd;
        private ulong _token; // 0 while paused or ended
        private bool _ended;

        public Watch(SessionLoop loop, FileDescriptor fd, Action ready)
        {
            _loop = loop;
            _fd = fd;
            Ready = ready;
            Resume();
        }

        public Action Ready { get; }

        public bool IsPaused => _token == 0;

        /// <summary>Taken out of the poll altogether: a peer's end would be reported without being asked for, and at once again.</summary>
        public void Pause()
        {
            if (IsPaused)
                return;
            _loop._poll.Remove(_fd);
            _loop._watches.Remove(_token);
            _token = 0;
        }

        public void Resume()
        {
            if (_ended || !IsPaused)
                return;
            ulong token = ++_loop._lastToken;
            _loop._poll.Add(_fd, token);
            _loop._watches.Add(token, this);
            _token = token;
        }

        public void PauseFor(TimeSpan rest)
        {
            Pause();
            _loop.After(rest, Resume);
        }

        public void Dispose()
        {
            Pause();
            _ended = true;
        }
    }

    private sealed class Timer(Action due) : IDisposable
    {
        public Action? Due { get; private set; } = due;

        public void Dispose() => Due = null;
    }
}
