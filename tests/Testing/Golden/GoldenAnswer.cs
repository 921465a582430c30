using System.Text.Json;
using Sluice.Injection;

namespace Sluice.Testing.Golden;

/// <summary>What came of a case, by whichever way it was asked.</summary>
/// <param name="Denial"><c>CODE sentence</c>; null when the pod was admitted.</param>
/// <param name="Pod">The pod behind the patch; null when it was denied or left unchanged.</param>
/// <param name="Warnings">One sentence each.</param>
public sealed record GoldenAnswer(string? Denial, JsonElement? Pod, IReadOnlyList<string> Warnings)
{
    public static GoldenAnswer Of(Decision decision, JsonElement? pod) =>
        new(decision.Kind == DecisionKind.Deny ? Denied(decision.Code, decision.Message) : null, pod, decision.Warnings);

    public static string Denied(int code, string? message) => $"{code} {message}";
}
