using Sluice.Recovery.Tests.Applications;

namespace Sluice.Recovery.Tests;

/// <summary>bindfs, which hands on every call at once: nothing may fail, whoever is killed.</summary>
public sealed class BindfsTests
{
    private const string All = $"{RunningApplications.Readers},{RunningApplications.Writers},{RunningApplications.Models}";

    [Theory]
    [InlineData(true, RunningApplications.Readers)]
    [InlineData(false, All)]
    public void No_call_fails_while_its_client_is_killed_a_hundred_times(bool readOnly, string applications)
    {
        Run(readOnly, withMounter: false, applications, Kills.Count(100), (session, _) => session.KillClient());
    }

    [Theory]
    [InlineData(true, RunningApplications.Readers)]
    [InlineData(false, All)]
    public void No_call_fails_while_its_relay_is_killed(bool readOnly, string applications)
    {
        // 50 in all, for the two cases
        Run(readOnly, withMounter: true, applications, Kills.Count(25), (session, _) => session.KillRelay());
    }

    [Fact]
    public void No_call_fails_while_everybody_is_killed_in_turn()
    {
        var random = new Random(13);
        Run(readOnly: false, withMounter: true, All, Kills.Count(40), (session, _) =>
        {
            switch (random.Next(4))
            {
                case 0:
                    session.KillRelay(wait: random.Next(2) == 0);
                    break;
                case 1:
                    session.KillMounter();
                    break;
                default:
                    session.KillClient();
                    break;
            }
        });
    }

    [Fact]
    public void The_mounter_is_killed_thirty_times_and_reads_do_not_pause()
    {
        Room.Require("bindfs");
        using var session = Session.Bindfs(readOnly: true, withMounter: true);
        using var applications = new RunningApplications(session.Mount, "direct,open,held");
        Thread.Sleep(1000);
        _ = applications.Report(); // the first rounds are slower: they compile
        Thread.Sleep(3000);
        double quiet = applications.Report().Max(report => report.LongestMilliseconds);
        int kills = Kills.Count(30);
        Kills.Repeat(kills, _ => session.KillMounter(), from: 0, to: 100);
        var reports = applications.End();
        Kills.Tell($"bindfs ro, mounter (longest round without kills {quiet} ms)", kills, reports, session);
        // Starting a mounter thirty times takes processors away from the readers: 200 ms were seen on two of them.
        Assert.True(reports.Max(report => report.LongestMilliseconds) < quiet + 500, $"{reports.Max(report => report.LongestMilliseconds)} ms, without kills {quiet} ms");
        Assert.Empty(session.Recoveries());
        session.EndAndLeaveNothing();
    }

    private static void Run(bool readOnly, bool withMounter, string names, int kills, Action<Session, int> kill)
    {
        Room.Require("bindfs");
        Directory.Delete(Data.Written(Room.Source), recursive: true);
        Directory.CreateDirectory(Data.Written(Room.Source));
        using var session = Session.Bindfs(readOnly, withMounter);
        using var applications = new RunningApplications(session.Mount, names);
        Kills.Repeat(kills, i => kill(session, i));
        session.AwaitClient();
        var reports = applications.End();
        Kills.Tell($"bindfs {(readOnly ? "ro" : "rw")}", kills, reports, session);
        session.EndAndLeaveNothing();
    }
}
