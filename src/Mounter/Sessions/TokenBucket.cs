namespace Sluice.Mounter.Sessions;

/// <summary>How often something may happen: a burst at once, then so many a second. Of one thread.</summary>
internal sealed class TokenBucket(int burst, int perSecond)
{
    private double _tokens = burst;
    private long _filledAt = Environment.TickCount64;

    public bool TryTake()
    {
        long now = Environment.TickCount64;
        _tokens = Math.Min(burst, _tokens + ((now - _filledAt) * perSecond / 1000.0));
        _filledAt = now;
        if (_tokens < 1)
            return false;
        _tokens--;
        return true;
    }

    /// <summary>After an empty bucket it takes so long for the next one.</summary>
    public TimeSpan Refill => TimeSpan.FromSeconds((1 - Math.Min(_tokens, 1)) / perSecond) + TimeSpan.FromMilliseconds(1);
}
