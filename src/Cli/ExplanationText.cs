using System.Text;
using Sluice.Injection;

namespace Sluice.Cli;

/// <summary>An explanation for people: what was decided, then its story by subject: each dataset, then the rest, the pod last.</summary>
internal sealed class ExplanationText(Terminal terminal)
{
    private const string PodSubject = "pod";
    private static readonly int StepWidth = Enum.GetNames<TraceStep>().Max(name => name.Length) + 2; // and a gap

    public string Of(Explained explained)
    {
        var output = new StringBuilder();
        var (outcome, trace) = explained;
        output.Append(terminal.Styled(Style.Bold, $"{outcome.Target}: ")).Append(Verdict(outcome)).Append('\n');
        var datasets = outcome.Decision!.Datasets;
        var groups = trace.Entries
            .Distinct()
            .GroupBy(entry => entry.Subject, StringComparer.Ordinal)
            .OrderBy(group => Rank(group.Key, datasets)); // stable: of one rank, the first told first
        foreach (var group in groups)
        {
            output.Append("\n  ").Append(terminal.Styled(Style.Bold, Title(group, datasets))).Append('\n');
            foreach (var entry in group)
                Append(output, StyleOf(entry.Step), entry.Step.ToString().ToLowerInvariant(), entry.Text);
        }
        if (outcome.Denial is { } denial && !trace.Entries.Any(entry => entry.Text == denial))
        {
            output.Append('\n');
            Append(output, Style.Red, "refused", denial);
        }
        return output.ToString();
    }

    private string Verdict(PodOutcome outcome)
    {
        var decision = outcome.Decision!;
        return decision.Kind switch
        {
            DecisionKind.Deny => terminal.Styled(Style.Red, "denied") + $" ({decision.Code} {decision.Reason})",
            DecisionKind.Patch => terminal.Styled(Style.Green, "injected") + $" ({Count.Of(decision.Datasets.Count, "dataset")}, {Count.Of(outcome.Patch?.GetArrayLength() ?? 0, "change")})",
            _ => $"unchanged ({decision.Reason})",
        };
    }

    private static int Rank(string subject, IReadOnlyList<string> datasets) => subject switch
    {
        PodSubject => 2,
        _ when IsDataset(subject, datasets) => 0,
        _ => 1,
    };

    private static string Title(IGrouping<string, TraceEntry> group, IReadOnlyList<string> datasets)
    {
        if (IsDataset(group.Key, datasets))
            return $"dataset {group.Key}";
        return group.All(entry => entry.Step == TraceStep.Policy) ? $"policy {group.Key}" : group.Key;
    }

    /// <summary>Whether a subject is a dataset, granted or not: nothing else is named with a slash.</summary>
    private static bool IsDataset(string subject, IReadOnlyList<string> datasets) =>
        subject.Contains('/', StringComparison.Ordinal) || datasets.Contains(subject, StringComparer.Ordinal);

    private static string StyleOf(TraceStep step) => step switch
    {
        TraceStep.Refused => Style.Red,
        TraceStep.Warns => Style.Yellow,
        TraceStep.Granted => Style.Green,
        _ => Style.Dim,
    };

    private void Append(StringBuilder output, string style, string step, string text)
    {
        const string Indent = "    ";
        var column = Indent.Length + StepWidth;
        var first = true;
        foreach (var line in WrappedText.Lines(text, terminal.Width - column))
        {
            if (first)
                output.Append(Indent).Append(terminal.Styled(style, step)).Append(' ', StepWidth - step.Length);
            else
                output.Append(' ', column);
            output.Append(line).Append('\n');
            first = false;
        }
    }
}
