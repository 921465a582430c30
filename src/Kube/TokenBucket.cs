namespace Sluice.Kube;

/// <summary>Lets <paramref name="burst"/> calls through at once and <paramref name="perSecond"/> after that, in the order in which they came.</summary>
public sealed class TokenBucket(double perSecond, int burst, TimeProvider time)
{
    private readonly Lock _gate = new();
    private double _tokens = burst; // guarded by _gate; below 0 by the number of those who wait
    private long _filled = time.GetTimestamp(); // likewise

    /// <summary>Returns when it is the caller's turn; one who gives up returns its token.</summary>
    public ValueTask WaitAsync(CancellationToken token)
    {
        var wait = Take();
        return wait <= TimeSpan.Zero ? ValueTask.CompletedTask : new ValueTask(DelayAsync(wait, token));
    }

    private TimeSpan Take()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(burst, _tokens + (time.GetElapsedTime(_filled, now).TotalSeconds * perSecond));
            _filled = now;
            _tokens--;
            return TimeSpan.FromSeconds(-_tokens / perSecond);
        }
    }

    private async Task DelayAsync(TimeSpan wait, CancellationToken token)
    {
        try
        {
            await Task.Delay(wait, time, token);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
                _tokens++;
            throw;
        }
    }
}
