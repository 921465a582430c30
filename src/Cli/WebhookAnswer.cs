using System.Globalization;
using System.Text.Json;

namespace Sluice.Cli;

/// <summary>What a webhook answered, read as strictly as an API server reads it.</summary>
internal sealed record WebhookAnswer(PodOutcome Outcome, TimeSpan Elapsed)
{
    /// <summary>Of a denial; the API server's default when the webhook gives none.</summary>
    public string Code { get; init; } = "403";
    public IReadOnlyList<(string Key, string Value)> AuditAnnotations { get; init; } = [];

    /// <summary>Reads the AdmissionReview that answers the request <paramref name="uid"/>.</summary>
    /// <exception cref="UnusableInputException">The answer is to another request, or not understood.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static WebhookAnswer Read(ReadOnlyMemory<byte> body, string uid, PodTarget target, TimeSpan elapsed)
    {
        using var review = JsonNodes.ParseDocument(body);
        var response = review.RootElement.GetProperty("response");
        if (response.Text("uid") != uid)
            throw new UnusableInputException($"the answer is to another request: its uid is \"{response.Text("uid")}\", not \"{uid}\"");
        var allowed = response.GetProperty("allowed").GetBoolean();
        var status = response.TryGetProperty("status", out var given) ? given : default;
        var outcome = new PodOutcome(target)
        {
            Denial = allowed ? null : status.Text("message") ?? "denied without a message",
            Warnings = response.TryGetProperty("warnings", out var warnings) ? [.. warnings.EnumerateArray().Select(w => w.GetString()!)] : [],
            Patch = allowed ? PatchIn(response, target) : null,
        };
        return new WebhookAnswer(outcome, elapsed)
        {
            Code = status.ValueKind == JsonValueKind.Object && status.TryGetProperty("code", out var code) ? code.GetInt32().ToString(CultureInfo.InvariantCulture) : "403",
            AuditAnnotations = response.TryGetProperty("auditAnnotations", out var annotations) ? [.. annotations.EnumerateObject().Select(a => (a.Name, a.Value.GetString()!))] : [],
        };
    }

    private static JsonElement? PatchIn(JsonElement response, PodTarget target)
    {
        if (!response.TryGetProperty("patch", out var patch) || patch.ValueKind == JsonValueKind.Null)
            return null;
        if (response.Text("patchType") != "JSONPatch")
            throw new UnusableInputException($"the answer's patchType is \"{response.Text("patchType")}\", not \"JSONPatch\"");
        return target.OnManifest(patch.GetBytesFromBase64());
    }
}
