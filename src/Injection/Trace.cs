namespace Sluice.Injection;

/// <summary>
/// The story of one decision, rule by rule, for <c>sluice explain</c>. The injection is given none on the admission path,
/// so that telling costs nothing there (<c>trace?.Add(…)</c> does not even build the text).
/// </summary>
public sealed class Trace
{
    private readonly List<TraceEntry> _entries = [];

    public IReadOnlyList<TraceEntry> Entries => _entries;

    public void Add(TraceStep step, string subject, string text) => _entries.Add(new TraceEntry(step, subject, text));
}

/// <summary>One thing said about the decision.</summary>
/// <param name="Step">The part of the decision that speaks.</param>
/// <param name="Subject">What it is about: a dataset (<c>namespace/name</c>), a policy, a container, a volume or <c>pod</c>.</param>
/// <param name="Text">One sentence.</param>
public readonly record struct TraceEntry(TraceStep Step, string Subject, string Text);

public enum TraceStep
{
    Asked,
    Granted,
    Refused,
    Policy,
    Profile,
    Adds,
    Keeps,
    Restores,
    Warns,
}
