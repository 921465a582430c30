namespace Sluice.Cli.Check;

/// <summary>How a check ended; the later, the worse.</summary>
internal enum Verdict
{
    Ok,

    /// <summary>There was nothing to look at.</summary>
    Skipped,

    /// <summary>Whoever asked may not look, or got no answer.</summary>
    Unseen,

    /// <summary>Works, and somebody should know.</summary>
    Warning,
    Wrong,
}

/// <summary>Something that somebody should change.</summary>
/// <param name="Verdict"><see cref="Verdict.Warning"/> or <see cref="Verdict.Wrong"/>.</param>
/// <param name="Object">Kind and name.</param>
/// <param name="Cause">One sentence, where there are any in the cluster's own words.</param>
/// <param name="Remedy">The next command to type.</param>
internal sealed record Finding(Verdict Verdict, string Object, string Cause, string Remedy)
{
    public static Finding Wrong(string what, string cause, string remedy) => new(Verdict.Wrong, what, cause, remedy);

    public static Finding Warning(string what, string cause, string remedy) => new(Verdict.Warning, what, cause, remedy);
}

/// <summary>What one check says.</summary>
/// <param name="Verdict">That of the worst finding, or why there is none.</param>
/// <param name="Summary">What was seen, in a few words.</param>
/// <param name="Findings">In the order of objects.</param>
internal sealed record CheckResult(Verdict Verdict, string Summary, IReadOnlyList<Finding> Findings)
{
    public static CheckResult Of(string summary, params IReadOnlyList<Finding> findings) =>
        new(findings.Count == 0 ? Verdict.Ok : findings.Max(f => f.Verdict), summary, findings);

    public static CheckResult Skipped(string why) => new(Verdict.Skipped, why, []);

    public static CheckResult Unseen(string why) => new(Verdict.Unseen, $"could not look: {why}", []);
}
