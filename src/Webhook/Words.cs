using Sluice.Injection;

namespace Sluice.Webhook;

/// <summary>The words for decisions in metrics, logs and audit annotations. Built once: the admission path only looks them up.</summary>
internal static class Words
{
    private static readonly string[] Kinds = [.. Enum.GetValues<DecisionKind>().Select(kind => kind switch
    {
        DecisionKind.Unchanged => "unchanged",
        DecisionKind.Patch => "patch",
        _ => "deny",
    })];

    private static readonly string[] Reasons = [.. Enum.GetValues<DecisionReason>().Select(reason => reason.ToString())];

    private static readonly string[,] Both = Combine();

    /// <summary><c>unchanged</c>, <c>patch</c> or <c>deny</c>.</summary>
    public static string Of(DecisionKind kind) => Kinds[(int)kind];

    public static string Of(DecisionReason reason) => Reasons[(int)reason];

    /// <summary><c>deny/NotShared</c>.</summary>
    public static string Of(DecisionKind kind, DecisionReason reason) => Both[(int)kind, (int)reason];

    public static string Join(IReadOnlyList<string> names) => names.Count switch
    {
        0 => "",
        1 => names[0],
        _ => string.Join(',', names),
    };

    private static string[,] Combine()
    {
        var both = new string[Kinds.Length, Reasons.Length];
        for (var kind = 0; kind < Kinds.Length; kind++)
        {
            for (var reason = 0; reason < Reasons.Length; reason++)
                both[kind, reason] = $"{Kinds[kind]}/{Reasons[reason]}";
        }
        return both;
    }
}
