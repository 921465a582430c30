namespace Sluice.Kube;

/// <summary>Waiting times that double, each drawn from its upper half so that many clients do not come back together. Not thread-safe.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan most)
{
    private int _doublings;

    public TimeSpan Next()
    {
        var delay = first * (1 << _doublings);
        if (delay < most)
            _doublings++;
        else
            delay = most;
#pragma warning disable CA5394 // Spreads load; nobody gains by guessing it.
        return delay * (0.5 + (Random.Shared.NextDouble() / 2));
#pragma warning restore CA5394
    }

    public void Reset() => _doublings = 0;
}
