using System.Globalization;
using Sluice.Recovery.Tests.Applications;

namespace Sluice.Recovery.Tests;

/// <summary>How often is killed, and what came of it as one line of the test's output.</summary>
internal static class Kills
{
    private static readonly double Factor = double.Parse(Environment.GetEnvironmentVariable("SLUICE_RECOVERY_FACTOR") ?? "1", CultureInfo.InvariantCulture);

    /// <summary>The number of kills of a case: SLUICE_RECOVERY_FACTOR times as many as by default.</summary>
    public static int Count(int byDefault) => Math.Max(1, (int)(byDefault * Factor));

    /// <summary>Kills at random moments.</summary>
    public static void Repeat(int count, Action<int> kill, int from = 50, int to = 300)
    {
        var random = new Random(11);
        for (int i = 0; i < count; i++)
        {
            Thread.Sleep(random.Next(from, to));
            kill(i);
        }
    }

    /// <summary>Readers while the relay is killed 50 times, started again as kubelet does, and the mounter 30 times, in turn.</summary>
    public static void OfRelayAndMounter(string what, Session session)
    {
        using var applications = new RunningApplications(session.Mount, RunningApplications.Readers);
        int kills = Count(80);
        var random = new Random(17);
        Repeat(kills, _ =>
        {
            if (random.Next(8) < 5)
                session.KillRelay();
            else
                session.KillMounter();
        }, from: 0, to: 100);
        session.AwaitClient();
        var reports = applications.End();
        Tell($"{what}, relay and mounter", kills, reports, session);
        session.EndAndLeaveNothing();
    }

    public static void Tell(string what, int kills, IReadOnlyList<ApplicationReport> reports, Session session)
    {
        var whole = session.Recoveries().Select(time => time.Whole).Order().ToList();
        var added = session.Recoveries().Select(time => time.Whole - time.Start).Order().ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: {kills} kills, {reports.Sum(report => report.Errors.Count)} failed calls, {reports.Sum(report => report.Told)} losses told; {whole.Count} recoveries, median {At(whole, 0.5):0.0} ms, p99 {At(whole, 0.99):0.0} ms, of it beside the client's start median {At(added, 0.5):0.0} ms, p99 {At(added, 0.99):0.0} ms; longest rounds {string.Join(", ", reports.Select(report => $"{report.Name} {report.LongestMilliseconds:0} ms ({report.Rounds})"))}"));
    }

    public static double At(List<double> sorted, double share) => sorted.Count == 0 ? 0 : sorted[Math.Min(sorted.Count - 1, (int)(share * sorted.Count))];
}
