using System.Text.Json;
using Sluice.Recovery.Tests.Applications;

namespace Sluice.Recovery.Tests;

/// <summary>Applications on a mount, in a process of their own.</summary>
internal sealed class RunningApplications : IDisposable
{
    public const string Readers = "sequential,direct,mapped,walk,open,held";
    public const string Writers = "write,append,churn,lock";
    public const string Models = "tree,file";

    private readonly RunningProgram _program;

    public RunningApplications(string mount, string names, bool told = false)
    {
        string[] arguments = [ApplicationsProgram.Name, mount, Room.Source, names, .. told ? ["told"] : Array.Empty<string>()];
        _program = new(Environment.ProcessPath!, arguments);
        _program.LineWith("started");
    }

    public int ProcessId => _program.Id;

    /// <summary>What they did since the last report.</summary>
    public IReadOnlyList<ApplicationReport> Report() => Ask("report");

    /// <summary>Ends them; none may have failed, none may hang.</summary>
    /// <returns>The last report.</returns>
    public IReadOnlyList<ApplicationReport> End()
    {
        var reports = Ask("end");
        Assert.Equal(0, _program.ExitWithin(10_000));
        Assert.True(reports.All(report => report.Errors.Count == 0), string.Join('\n', reports.SelectMany(report => report.Errors.Select(error => $"{report.Name}: {error}"))));
        Assert.DoesNotContain(reports, report => report.Hung);
        Assert.DoesNotContain(reports, report => report.Rounds == 0);
        return reports;
    }

    public void Dispose() => _program.Dispose();

    private List<ApplicationReport> Ask(string what)
    {
        int known = _program.Lines.Length;
        _program.Tell(what);
        return JsonSerializer.Deserialize(_program.LineWith("[{", known, 60_000), ReportJson.Default.ListApplicationReport)!;
    }
}
