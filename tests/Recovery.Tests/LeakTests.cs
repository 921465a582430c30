using System.Globalization;

namespace Sluice.Recovery.Tests;

/// <summary>What a relay holds does not grow with the clients that died on it.</summary>
public sealed class LeakTests
{
    [Fact]
    public void A_thousand_recoveries_leave_no_descriptor_thread_or_memory()
    {
        Room.Require("bindfs");
        using var session = Session.Bindfs(readOnly: true, withMounter: false);
        int kills = Kills.Count(1000);
        for (int i = 0; i < 100; i++)
            session.KillClient();
        var before = Held(session);
        for (int i = 100; i < kills; i++)
            session.KillClient();
        var after = Held(session);
        TestContext.Current.TestOutputHelper?.WriteLine($"after 100 recoveries {before}, after {kills} {after}");
        Assert.InRange(after.Descriptors, 0, before.Descriptors + 2);
        Assert.InRange(after.Threads, 0, before.Threads + 2);
        Assert.InRange(after.Kilobytes, 0, before.Kilobytes + 2048);
        session.EndAndLeaveNothing();
    }

    private static (int Descriptors, int Threads, int Kilobytes) Held(Session session)
    {
        session.AwaitClient();
        Thread.Sleep(300);
        string process = string.Create(CultureInfo.InvariantCulture, $"/proc/{session.Relay.Id}");
        int Field(string name) => int.Parse(File.ReadLines(process + "/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split('\t', ' ').First(part => part.Length > 0 && char.IsAsciiDigit(part[0])), CultureInfo.InvariantCulture);
        return (Directory.GetFileSystemEntries(process + "/fd").Length, Field("Threads:"), Field("VmRSS:"));
    }
}
