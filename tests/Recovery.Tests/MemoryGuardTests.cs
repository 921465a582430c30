using Sluice.Recovery.Tests.Applications;

namespace Sluice.Recovery.Tests;

/// <summary>A client that grows until its container is full.</summary>
public sealed class MemoryGuardTests
{
    private const long Limit = 256 << 20;

    [Fact]
    public void A_client_that_leaks_is_replaced_before_the_container_is_full_and_reads_go_on()
    {
        Room.Require("bindfs", "bash");
        using var group = MemoryGroup.Create(Limit);
        // The shell is the client: it leaks, and what serves is its child, which goes with it.
        string leak = $"bindfs -f {Room.Source} \"$0\" & while :; do held+=$(head -c 4M /dev/zero | tr '\\0' x); done";
        using var session = new Session(readOnly: true, withMounter: false, group, "--fusermount", "--", "bash", "-c", leak, "${mountpoint}");
        using var applications = new RunningApplications(session.Mount, RunningApplications.Readers);
        int replaced = 0;
        for (int client = 0; replaced < 4; replaced++)
            client = session.AwaitClient(before: client);
        var reports = applications.End();
        Kills.Tell("bindfs that leaks", replaced, reports, session);
        Assert.Contains(session.Lines, line => line.Contains("replacing the client before the kernel kills the container", StringComparison.Ordinal));
        Assert.Equal(0, group.OutOfMemoryKills);
        session.EndAndLeaveNothing();
    }
}
