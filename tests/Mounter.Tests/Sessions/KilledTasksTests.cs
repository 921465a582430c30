using Sluice.Linux;
using Sluice.Mounter.Sessions;

namespace Sluice.Mounter.Tests.Sessions;

public sealed class KilledTasksTests
{
    [Theory]
    [InlineData("SigPnd:\t0000000000000000\nShdPnd:\t0000000000000000", false)]
    [InlineData("SigPnd:\t0000000000000100\nShdPnd:\t0000000000000000", true)]
    [InlineData("SigPnd:\t0000000000000000\nShdPnd:\t0000000000000100", true)]
    [InlineData("SigPnd:\t0000000000000000\nShdPnd:\t0000000000004001", false)] // SIGTERM, SIGHUP
    [InlineData("SigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\nSigBlk:\t0000000000000100", false)]
    [InlineData("Name:\tSigPnd:100", false)]
    public void Only_a_pending_SIGKILL_counts(string status, bool killed) =>
        Assert.Equal(killed, PendingSignals.HasKill(status.Split('\n')));
}
