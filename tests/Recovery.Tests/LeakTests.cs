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

    /// <summary>sshfs's ssh is nobody's child but the relay's once sshfs is dead, and ends a moment later.</summary>
    [Fact]
    public void What_a_killed_client_had_started_leaves_no_zombie()
    {
        using var server = ThrowawaySshd.Start();
        using var session = new Session(readOnly: true, withMounter: false, ["--", .. server.Client()]);
        for (int i = 0; i < 5; i++)
            session.KillClient();
        session.AwaitClient();
        Thread.Sleep(2500); // orphans are looked for every second
        string[] children = [.. Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{session.Relay.Id}/task"))
            .SelectMany(task => File.ReadAllText(task + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        Assert.DoesNotContain(children, child => File.ReadAllText($"/proc/{child}/stat").Contains(") Z ", StringComparison.Ordinal));
        Assert.InRange(children.Length, 1, 2); // the client, and its ssh
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
