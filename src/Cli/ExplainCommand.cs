using System.CommandLine;
using System.Text;
using Sluice.Injection;

namespace Sluice.Cli;

/// <summary><c>sluice explain</c>: why a pod gets what it gets, rule by rule.</summary>
internal static class ExplainCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new ExampleCommand("explain", "Tell why a pod gets what it gets: what was asked and where, which rule granted or refused it, what each part is for.")
        {
            Examples =
            [
                ("Why is this pod refused?", "sluice explain -f pod.yaml --catalog catalog/"),
                ("Which policies had a say?", "sluice explain -f pod.yaml --catalog catalog/ -o json"),
            ],
        };
        return OfflineCommand.Complete<ReportFormat>(command, "text for people, json for programs.", terminal, (input, format) => Run(terminal, input, format));
    }

    private static int Run(Terminal terminal, OfflineInput input, ReportFormat format)
    {
        var explained = input.Targets.Select(target => Explained.Of(target, input.Catalog)).ToList();
        if (explained.Count == 0)
            throw new UnusableInputException($"{InputFiles.Describe(input.Files)}: no pod and no pod template to explain");
        if (format == ReportFormat.Json)
            terminal.Out.WriteLine(Encoding.UTF8.GetString(ExplanationJson.Of(explained).Span));
        else
            terminal.Out.Write(string.Join('\n', explained.Select(e => new ExplanationText(terminal).Of(e))));
        return explained.Any(e => e.Outcome.Denial is not null) ? ExitCode.Refused : ExitCode.Done;
    }
}

/// <summary>A decision about a pod and its story.</summary>
internal sealed record Explained(PodOutcome Outcome, Trace Trace)
{
    public static Explained Of(PodTarget target, Catalog catalog)
    {
        var trace = new Trace();
        return new Explained(target.Decide(catalog, trace), trace);
    }
}
