using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Kube;

namespace Sluice.Webhook.Certificates;

/// <summary>
/// The authorities in the webhook configurations: <c>caBundle</c> of every entry, by server-side apply and with a field manager of its
/// own, so that whoever applies the manifests again neither removes them nor is in conflict with them.
/// </summary>
internal sealed class WebhookBundles(ApiClient client, string configuration, string fieldManager)
{
    private static readonly (ApiResource Resource, string Kind)[] Configurations =
    [
        (new ApiResource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", Namespaced: false), "MutatingWebhookConfiguration"),
        (new ApiResource("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", Namespaced: false), "ValidatingWebhookConfiguration"),
    ];

    /// <summary>Sees to it that both hold <paramref name="bundle"/>. One that does not exist calls nobody and needs none.</summary>
    public async Task PutAsync(string bundle, CancellationToken token)
    {
        var base64 = Convert.ToBase64String(Encoding.ASCII.GetBytes(bundle));
        foreach (var (resource, kind) in Configurations)
        {
            var target = resource.Object(null, configuration);
            if (await client.TryGetAsync(target, token) is not { } there || Entries(there).All(entry => entry.Bundle == base64))
                continue;
            await client.ApplyAsync(target, Body(resource, kind, Entries(there), base64), fieldManager, force: true, token);
        }
    }

    private static List<(string Name, string? Bundle)> Entries(JsonElement configuration)
    {
        var entries = new List<(string, string?)>();
        if (!configuration.TryGetProperty("webhooks"u8, out var webhooks) || webhooks.ValueKind != JsonValueKind.Array)
            return entries;
        foreach (var webhook in webhooks.EnumerateArray())
        {
            if (webhook.TryGetProperty("name"u8, out var name) && name.GetString() is { } text)
                entries.Add((text, webhook.TryGetProperty("clientConfig"u8, out var config) && config.TryGetProperty("caBundle"u8, out var bundle) ? bundle.GetString() : null));
        }
        return entries;
    }

    /// <summary>Names and bundles alone: every other field stays with whoever wrote it.</summary>
    private ReadOnlyMemory<byte> Body(ApiResource resource, string kind, List<(string Name, string? Bundle)> entries, string bundle)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("apiVersion"u8, resource.ApiVersion);
        json.WriteString("kind"u8, kind);
        json.WriteStartObject("metadata"u8);
        json.WriteString("name"u8, configuration);
        json.WriteEndObject();
        json.WriteStartArray("webhooks"u8);
        foreach (var (name, _) in entries)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, name);
            json.WriteStartObject("clientConfig"u8);
            json.WriteString("caBundle"u8, bundle);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }
}
