using System.Diagnostics;

namespace Sluice.Recovery.Tests;

/// <summary>Calls on a mount that may hang, each on a thread that may be lost.</summary>
internal static class Timed
{
    /// <summary>The error number of a call, 0 for none, and how long it took; it must end within the time.</summary>
    public static int ErrorOf(Action call, int milliseconds, string what)
    {
        int error = -1;
        var thread = new Thread(() => error = Applications.Posix.ErrorOf(call), 256 << 10) { IsBackground = true };
        var clock = Stopwatch.StartNew();
        thread.Start();
        Assert.True(thread.Join(milliseconds), $"{what} did not return within {milliseconds} ms");
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: error {error} after {clock.ElapsedMilliseconds} ms");
        return error;
    }

    public static void Succeeds(Action call, int milliseconds, string what) => Assert.Equal(0, ErrorOf(call, milliseconds, what));
}
