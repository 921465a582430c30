using System.Text.Json;

namespace Sluice.Cli.Check;

/// <summary>A pod of the node's daemon.</summary>
/// <param name="FullName"><c>NAMESPACE/NAME</c>.</param>
/// <param name="Node">Where it runs; null before it is scheduled.</param>
/// <param name="IsReady">Whether its containers are.</param>
/// <param name="Trouble">Why it is not ready, in the kubelet's words.</param>
internal sealed record MounterPod(string FullName, string? Node, bool IsReady, string Trouble)
{
    public static MounterPod Read(JsonElement item) => new(
        item.FullName(), item.Text("spec", "nodeName"), item.Condition("Ready") is { IsTrue: true }, TroubleOf(item));

    private static string TroubleOf(JsonElement item)
    {
        foreach (var container in item.Items("status", "containerStatuses"))
        {
            if (container.At("state", "waiting") is { ValueKind: JsonValueKind.Object } waiting)
                return string.Join(": ", new[] { waiting.Text("reason"), waiting.Text("message") }.Where(t => !string.IsNullOrEmpty(t)));
        }
        return item.Condition("Ready")?.Message is { Length: > 0 } message ? message : $"is {item.Text("status", "phase") ?? "not started"}";
    }
}
