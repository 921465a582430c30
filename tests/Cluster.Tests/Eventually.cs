using System.Diagnostics;

namespace Sluice.Cluster.Tests;

/// <summary>What another process brings about in its own time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Tries until <paramref name="attempt"/> gives null; fails with what it gave last when the time is up.</summary>
    public static async Task Async(TimeSpan limit, Func<Task<string?>> attempt)
    {
        var started = Stopwatch.GetTimestamp();
        while (await attempt() is { } problem)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < limit, $"not within {limit.TotalSeconds} s: {problem}");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }
}
