using System.Diagnostics.CodeAnalysis;
using Sluice.Linux;

namespace Sluice.Relay.Forwarding;

/// <summary>
/// Hands the present client to the one thread that carries both directions, and knows when that thread has left the client
/// before: a link is collected only when nobody passes its replies on any more.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Its thread waits for the signal until the process ends.")]
internal sealed class InlineLane
{
    private readonly Lock _gate = new();
    private readonly WakeSignal _changed = new();
    private volatile ClientLink? _link;
    private volatile ClientLink? _acknowledged;
    private volatile bool _maySpin;
    private volatile bool _ended;

    /// <summary>Readable while the thread has not looked at a change.</summary>
    public FileDescriptor Changed => _changed.Descriptor;

    /// <summary>Whether the thread may burn its processor for a moment after each message.</summary>
    public bool MaySpin
    {
        get => _maySpin;
        set => _maySpin = value;
    }

    /// <summary>Gives the thread a client, or takes it away (null), and waits until it has seen that.</summary>
    public void Set(ClientLink? link)
    {
        lock (_gate)
        {
            _link = link;
            _changed.Set();
            var wait = new SpinWait();
            while (_acknowledged != link && !_ended)
            {
                State.CrashPoint.Wait();
                wait.SpinOnce();
            }
        }
    }

    /// <summary>The client, for the thread: from now on it has left the one before.</summary>
    public ClientLink? Acknowledge()
    {
        var link = _link;
        if (link != _acknowledged)
        {
            _changed.Reset();
            _acknowledged = link;
        }
        return link;
    }

    /// <summary>The thread is gone: nobody waits for it any more.</summary>
    public void End() => _ended = true;
}
