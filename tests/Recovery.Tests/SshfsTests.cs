using Sluice.Recovery.Tests.Applications;

namespace Sluice.Recovery.Tests;

/// <summary>sshfs against a throw-away sshd on the loopback. It answers writes before the server has them.</summary>
public sealed class SshfsTests
{
    [Fact]
    public void No_read_fails_while_its_client_is_killed_a_hundred_times()
    {
        using var server = ThrowawaySshd.Start();
        using var session = new Session(readOnly: true, withMounter: false, ["--", .. server.Client()]);
        using var applications = new RunningApplications(session.Mount, RunningApplications.Readers);
        int kills = Kills.Count(100);
        Kills.Repeat(kills, _ => session.KillClient(60), from: 0, to: 10);
        session.AwaitClient();
        var reports = applications.End();
        Kills.Tell("sshfs ro", kills, reports, session);
        session.EndAndLeaveNothing();
    }

    [Fact]
    public void No_read_fails_while_its_relay_and_its_mounter_are_killed()
    {
        using var server = ThrowawaySshd.Start();
        using var session = new Session(readOnly: true, withMounter: true, ["--", .. server.Client()]);
        Kills.OfRelayAndMounter("sshfs ro", session);
    }

    [Fact]
    public void No_write_is_lost_without_a_word_while_its_client_is_killed()
    {
        using var server = ThrowawaySshd.Start();
        using var session = new Session(readOnly: false, withMounter: false, ["--durability", "Flush", "--", .. server.Client()]);
        using var applications = new RunningApplications(session.Mount, $"{RunningApplications.Readers},write,append,names,lock", told: true);
        int kills = Kills.Count(40);
        Kills.Repeat(kills, _ => session.KillClient(300), from: 0, to: 10);
        session.AwaitClient();
        var reports = applications.End();
        Kills.Tell("sshfs rw", kills, reports, session);
        session.EndAndLeaveNothing();
    }
}
