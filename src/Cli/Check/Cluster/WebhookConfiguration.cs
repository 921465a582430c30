using System.Text.Json;

namespace Sluice.Cli.Check;

/// <summary>A mutating or validating webhook configuration.</summary>
/// <param name="Kind">Which of the two.</param>
/// <param name="Name">Its name.</param>
/// <param name="Entries">In its order.</param>
internal sealed record WebhookConfiguration(string Kind, string Name, IReadOnlyList<WebhookEntry> Entries)
{
    public string FullName => $"{Kind} {Name}";

    public static WebhookConfiguration Read(string kind, JsonElement item) => new(kind, item.FullName(), [.. item.Items("webhooks").Select(WebhookEntry.Read)]);
}

/// <summary>Which requests are sent where.</summary>
/// <param name="Name">Such as <c>dataset.pods.sluice.io</c>.</param>
/// <param name="FailurePolicy"><c>Fail</c> or <c>Ignore</c>.</param>
/// <param name="Host">The name that the server's certificate must carry; null for an entry with a URL.</param>
/// <param name="CaBundle">PEM; empty when nobody has written it.</param>
internal sealed record WebhookEntry(string Name, string FailurePolicy, string? Host, string CaBundle)
{
    public static WebhookEntry Read(JsonElement entry)
    {
        var service = entry.At("clientConfig", "service");
        return new WebhookEntry(
            entry.Text("name") ?? "",
            entry.Text("failurePolicy") ?? "Fail",
            service.ValueKind == JsonValueKind.Object ? $"{service.Text("name")}.{service.Text("namespace")}.svc" : null,
            Base64.Text(entry.Text("clientConfig", "caBundle")));
    }
}
