using Sluice.Mounter.Sessions;

namespace Sluice.Mounter.Tests.Sessions;

public sealed class LosableThreadsTests
{
    [Fact]
    public async Task What_hangs_is_given_up_and_counts_until_it_ends()
    {
        var threads = new LosableThreads(limit: 2);
        using var release = new ManualResetEventSlim();
        for (int i = 0; i < 2; i++)
            await Assert.ThrowsAsync<TimeoutException>(() => threads.RunAsync("a wait", () => Wait(release), TimeSpan.FromMilliseconds(20)));
        Assert.Contains("hang", (await Assert.ThrowsAsync<TimeoutException>(() => threads.RunAsync("one more", () => true, TimeSpan.FromSeconds(5)))).Message, StringComparison.Ordinal);
        release.Set();
        Node.Eventually(() => Task.FromResult(threads.Running == 0));
        Assert.Equal(3, await threads.RunAsync("a sum", () => 1 + 2, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task A_failure_is_the_caller_s()
    {
        var threads = new LosableThreads(limit: 1);
        await Assert.ThrowsAsync<InvalidDataException>(() => threads.RunAsync<int>("a failure", () => throw new InvalidDataException(), TimeSpan.FromSeconds(5)));
        Node.Eventually(() => Task.FromResult(threads.Running == 0));
    }

    private static bool Wait(ManualResetEventSlim release)
    {
        release.Wait();
        return true;
    }
}
