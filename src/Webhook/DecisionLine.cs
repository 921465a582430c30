using System.Collections;

namespace Sluice.Webhook;

/// <summary>
/// The log line of one decision. Written by hand, since the log generator makes variables of the fields' names, and
/// <c>namespace</c> cannot be one.
/// </summary>
internal readonly record struct DecisionLine(
    string Uid, string Namespace, string Pod, string User, string Decision, string Reason, string Datasets, string Policies,
    double DurationMs, bool DryRun, string Message) : IReadOnlyList<KeyValuePair<string, object?>>
{
    private const string Template =
        "Decided {decision}/{reason} on pod {namespace}/{pod} of user {user}: datasets {datasets}, policies {policies}, uid {uid}, {durationMs} ms, dry run {dryRun}. {message}";

    public int Count => 12;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("uid", Uid),
        1 => new("namespace", Namespace),
        2 => new("pod", Pod),
        3 => new("user", User),
        4 => new("decision", Decision),
        5 => new("reason", Reason),
        6 => new("datasets", Datasets),
        7 => new("policies", Policies),
        8 => new("durationMs", DurationMs),
        9 => new("dryRun", DryRun),
        10 => new("message", Message),
        11 => new("{OriginalFormat}", Template),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"Decided {Decision}/{Reason} on pod {Namespace}/{Pod}: {Message}";
}
