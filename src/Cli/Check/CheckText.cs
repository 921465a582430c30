using System.Text;

namespace Sluice.Cli.Check;

/// <summary>Results for people: a line for each check, and below it what is wrong, why, and what to type.</summary>
internal sealed class CheckText(Terminal terminal)
{
    private const int MaxFindings = 10; // of one check; the others are in JSON; arbitrary
    private static readonly int VerdictWidth = Enum.GetNames<Verdict>().Max(name => name.Length) + 2; // and a gap

    public string Of(IReadOnlyList<NamedResult> results)
    {
        var output = new StringBuilder();
        var nameWidth = results.Max(r => r.Name.Length) + 2;
        foreach (var (name, result) in results)
        {
            AppendLabel(output, "", result.Verdict);
            output.Append(terminal.Styled(Style.Bold, name)).Append(' ', nameWidth - name.Length);
            AppendWrapped(output, result.Summary, VerdictWidth + nameWidth);
            foreach (var finding in result.Findings.Take(MaxFindings))
                Append(output, finding);
            if (result.Findings.Count > MaxFindings)
                output.Append("    and ").Append(Count.Of(result.Findings.Count - MaxFindings, "more", "more")).Append(": -o json tells them all\n");
        }
        return output.ToString();
    }

    /// <summary>The last line, which goes where messages go.</summary>
    public static string Total(Uri address, IReadOnlyList<NamedResult> results)
    {
        var counts = Enum.GetValues<Verdict>().OrderDescending()
            .Select(verdict => (Verdict: verdict, Count: results.Count(r => r.Result.Verdict == verdict)))
            .Where(c => c.Count > 0)
            .Select(c => $"{c.Count} {Word(c.Verdict)}");
        return $"{string.Join(", ", counts)}: {Count.Of(results.Count, "check")} of {address}";
    }

    /// <summary>As programs and people read it.</summary>
    public static string Word(Verdict verdict) => verdict.ToString().ToLowerInvariant();

    private void Append(StringBuilder output, Finding finding)
    {
        const string Indent = "    ";
        var column = Indent.Length + VerdictWidth;
        AppendLabel(output, Indent, finding.Verdict);
        AppendWrapped(output, finding.Object, column);
        output.Append(Indent).Append(terminal.Styled(Style.Dim, "cause")).Append(' ', VerdictWidth - "cause".Length);
        AppendWrapped(output, finding.Cause, column);
        // On one line, however long, to be copied.
        output.Append(Indent).Append(terminal.Styled(Style.Dim, "next")).Append(' ', VerdictWidth - "next".Length).Append(Printable(finding.Remedy)).Append('\n');
    }

    private void AppendLabel(StringBuilder output, string indent, Verdict verdict) =>
        output.Append(indent).Append(terminal.Styled(StyleOf(verdict), Word(verdict))).Append(' ', VerdictWidth - Word(verdict).Length);

    private void AppendWrapped(StringBuilder output, string text, int column) =>
        output.AppendJoin("\n" + new string(' ', column), WrappedText.Lines(Printable(text), Math.Max(terminal.Width - column, 1))).Append('\n');

    /// <summary>Others wrote it: nothing in it moves the cursor or changes colours.</summary>
    private static string Printable(string text) => string.Create(text.Length, text, (span, source) =>
    {
        for (var i = 0; i < span.Length; i++)
            span[i] = char.IsControl(source[i]) ? ' ' : source[i];
    });

    private static string StyleOf(Verdict verdict) => verdict switch
    {
        Verdict.Ok => Style.Green,
        Verdict.Warning => Style.Yellow,
        Verdict.Wrong => Style.Red,
        _ => Style.Dim,
    };
}
