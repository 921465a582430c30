using System.Text.Json;

namespace Sluice.Cli.Check;

/// <summary>A CustomResourceDefinition.</summary>
/// <param name="Name">Such as <c>datasets.sluice.io</c>.</param>
/// <param name="Served">Versions.</param>
/// <param name="Trouble">Why the API server does not take it; null when it does.</param>
internal sealed record Definition(string Name, IReadOnlyList<string> Served, string? Trouble)
{
    public static Definition Read(JsonElement item) => new(
        item.FullName(),
        [.. item.Items("spec", "versions").Where(v => v.IsTrue("served")).Select(v => v.Text("name") ?? "")],
        TroubleOf(item));

    private static string? TroubleOf(JsonElement item)
    {
        if (item.Condition("NamesAccepted") is { IsTrue: false } names)
            return names.Message;
        return item.Condition("Established") is { IsTrue: true } ? null : item.Condition("Established")?.Message ?? "it is not established yet";
    }
}
