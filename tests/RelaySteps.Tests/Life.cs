using System.Runtime.ExceptionServices;
using Sluice.Relay.State;

namespace Sluice.RelaySteps.Tests;

/// <summary>
/// One relay in this process, from its start until it is killed at one of its <see cref="CrashPoint"/>s. A kill takes all of its
/// threads: that which came to the point stays there, and every other one at the next that it comes to. They hold what locks
/// they held, and write nothing any more.
/// </summary>
internal sealed class Life
{
    private static readonly AsyncLocal<Life?> Current = new(); // new threads inherit it
    private readonly object _grave = new();
    private readonly int _steps;
    private int _taken;
    private volatile bool _stopped;
    private bool _buried; // guarded by _grave

    static Life()
    {
        CrashPoint.Reached = () => Current.Value?.Step();
        CrashPoint.Waiting = () => Current.Value?.StopIfStopped();
        ExceptionHandling.SetUnhandledExceptionHandler(e => e is BuriedException); // ends the thread, and nothing else
    }

    /// <summary>A relay that is killed before the write after <paramref name="steps"/> others.</summary>
    public Life(int steps) => _steps = steps;

    public bool IsStopped => _stopped;

    /// <summary>The calling thread is this relay's, and all that it starts.</summary>
    public void Enter() => Current.Value = this;

    /// <summary>The calling thread is no relay's any more.</summary>
    public static void Leave() => Current.Value = null;

    /// <summary>Lets its threads end, once nobody else looks at what they share.</summary>
    public void Bury()
    {
        lock (_grave)
        {
            _buried = true;
            Monitor.PulseAll(_grave);
        }
    }

    private void Step()
    {
        if (Interlocked.Increment(ref _taken) > _steps)
            _stopped = true;
        StopIfStopped();
    }

    private void StopIfStopped()
    {
        if (!_stopped)
            return;
        lock (_grave)
        {
            while (!_buried)
                Monitor.Wait(_grave);
        }
        throw new BuriedException();
    }

    private sealed class BuriedException : Exception;
}
