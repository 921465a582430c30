using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Injection;
using Sluice.Webhook.Validation;

namespace Sluice.Webhook;

/// <summary>The response half of an AdmissionReview; the one place that writes it.</summary>
internal static class AdmissionResponse
{
    /// <summary>
    /// What API servers show of one warning, in characters. They may cut longer ones, and stop at <see cref="MaxWarnings"/> over
    /// all webhooks. Source: "Response" in the Kubernetes documentation, Dynamic Admission Control.
    /// </summary>
    public const int MaxWarning = 256;

    /// <summary>All warnings of one response together, in characters.</summary>
    public const int MaxWarnings = 4096;

    /// <summary>C0, DEL, C1 and Unicode's line and paragraph separators.</summary>
    private static readonly SearchValues<char> Breaking = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7f, 0x21)).Concat([0x2028, 0x2029]).Select(c => (char)c)]);

    private const int MaxMessage = 4096; // arbitrary: a user reads it in a terminal

    /// <summary>Writes the review that answers <paramref name="uid"/>. <paramref name="patch"/> counts only for a patch.</summary>
    public static void Write(Utf8JsonWriter writer, string apiVersion, string uid, Decision decision, ReadOnlySpan<byte> patch)
    {
        Begin(writer, apiVersion, uid, decision.Kind != DecisionKind.Deny);
        if (decision.Kind == DecisionKind.Patch)
        {
            writer.WriteString("patchType"u8, "JSONPatch"u8);
            writer.WriteBase64String("patch"u8, patch);
        }
        if (decision.Kind == DecisionKind.Deny)
            WriteStatus(writer, decision.Code, decision.Message);
        WriteWarnings(writer, decision.Warnings);
        WriteAuditAnnotations(writer, decision);
        End(writer);
    }

    /// <summary>The same about an object of our own kinds.</summary>
    public static void Write(Utf8JsonWriter writer, string apiVersion, string uid, Verdict verdict)
    {
        Begin(writer, apiVersion, uid, verdict.Allowed);
        if (!verdict.Allowed)
            WriteStatus(writer, verdict.Code, verdict.Message);
        WriteWarnings(writer, verdict.Warnings);
        End(writer);
    }

    private static void Begin(Utf8JsonWriter writer, string apiVersion, string uid, bool allowed)
    {
        writer.WriteStartObject();
        writer.WriteString("apiVersion"u8, apiVersion);
        writer.WriteString("kind"u8, "AdmissionReview"u8);
        writer.WriteStartObject("response"u8);
        writer.WriteString("uid"u8, uid);
        writer.WriteBoolean("allowed"u8, allowed);
    }

    private static void End(Utf8JsonWriter writer)
    {
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
    }

    private static void WriteStatus(Utf8JsonWriter writer, int code, string? message)
    {
        writer.WriteStartObject("status"u8);
        writer.WriteString("status"u8, "Failure"u8);
        writer.WriteNumber("code"u8, code);
        writer.WriteString("reason"u8, StatusReason(code));
        writer.WriteString("message"u8, OneLine(message ?? "", MaxMessage));
        writer.WriteEndObject();
    }

    /// <summary>meta/v1 StatusReason of a status code.</summary>
    private static ReadOnlySpan<byte> StatusReason(int code) => code switch
    {
        400 => "BadRequest"u8,
        404 => "NotFound"u8,
        409 => "Conflict"u8,
        422 => "Invalid"u8,
        500 => "InternalError"u8,
        _ => "Forbidden"u8,
    };

    private static void WriteWarnings(Utf8JsonWriter writer, IReadOnlyList<string> warnings)
    {
        if (warnings.Count == 0)
            return;
        writer.WriteStartArray("warnings"u8);
        var left = MaxWarnings;
        foreach (var warning in warnings)
        {
            var text = OneLine(warning, MaxWarning);
            if (text.Length > left)
                break;
            left -= text.Length;
            writer.WriteStringValue(text);
        }
        writer.WriteEndArray();
    }

    /// <summary>The API server writes them to its audit log under this webhook's name: <c>…/dataset</c>, <c>…/policy</c>, <c>…/decision</c>.</summary>
    private static void WriteAuditAnnotations(Utf8JsonWriter writer, Decision decision)
    {
        writer.WriteStartObject("auditAnnotations"u8);
        writer.WriteString("decision"u8, Words.Of(decision.Kind, decision.Reason));
        if (decision.Datasets.Count != 0)
            writer.WriteString("dataset"u8, Words.Join(decision.Datasets));
        if (decision.Policies.Count != 0)
            writer.WriteString("policy"u8, Words.Join(decision.Policies));
        writer.WriteEndObject();
    }

    /// <summary>
    /// At most <paramref name="max"/> UTF-16 units, never half a surrogate pair, control characters and line ends as spaces:
    /// a warning travels in an HTTP header, and API servers drop one that has any; a log line stays one for every reader.
    /// </summary>
    internal static string OneLine(string text, int max)
    {
        if (text.Length <= max && !text.AsSpan().ContainsAny(Breaking))
            return text;
        var cut = text.Length <= max ? text.Length : max - 1;
        if (cut < text.Length && char.IsHighSurrogate(text[cut - 1]))
            cut--;
        var line = new StringBuilder(cut + 1);
        foreach (var c in text.AsSpan(0, cut))
            line.Append(Breaking.Contains(c) ? ' ' : c);
        return cut < text.Length ? line.Append('…').ToString() : line.ToString();
    }
}
