using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sluice.Kube;

/// <summary>
/// A call that did not succeed. The message reads <c>get datasets.sluice.io vision/imagenet: … (404 NotFound)</c>; catch by
/// <see cref="StatusCode"/> or <see cref="Reason"/>.
/// </summary>
public sealed class ApiException : Exception
{
    /// <summary><see cref="Reason"/> of a call whose time was up.</summary>
    public const string DeadlineExceeded = "DeadlineExceeded";

    /// <summary><see cref="Reason"/> of a call that got no answer: no connection, a handshake that failed, a cut.</summary>
    public const string Unreachable = "Unreachable";

    /// <summary><see cref="Reason"/> of a call without usable credentials of ours.</summary>
    public const string NoCredentials = "NoCredentials";

    private const int MaxMessage = 1024; // characters of a foreign message; arbitrary

    /// <summary>An error that a caller found in an answer, in the same words as those of the server.</summary>
    public ApiException(string verb, string target, int statusCode, string reason, string message, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(Describe(verb, target, statusCode, reason, message), inner)
    {
        Verb = verb;
        Target = target;
        StatusCode = statusCode;
        Reason = reason;
        StatusMessage = message;
        RetryAfter = retryAfter;
    }

    /// <summary>As RBAC names it: get, list, watch, create, update, patch, delete.</summary>
    public string Verb { get; }

    /// <summary>The object or the kind.</summary>
    public string Target { get; }

    /// <summary>HTTP status, or that of a Status object in a watch; 0 when there was no answer.</summary>
    public int StatusCode { get; }

    /// <summary>The Status object's reason, such as <c>NotFound</c>, <c>AlreadyExists</c>, <c>Expired</c>; or one of the constants here.</summary>
    public string Reason { get; }

    /// <summary>The Status object's message.</summary>
    public string StatusMessage { get; }

    /// <summary>How long the server asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; }

    public bool IsNotFound => StatusCode == 404;

    /// <summary>The object exists already, or is another one than the call was about.</summary>
    public bool IsConflict => StatusCode == 409;

    /// <summary>The resourceVersion or continue token is too old: list again.</summary>
    public bool IsGone => StatusCode == 410;

    /// <summary>From a <c>meta/v1 Status</c>, or from whatever else was answered in its place.</summary>
    internal static ApiException Of(string verb, string target, int statusCode, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            if (JsonElement.TryParseValue(ref reader, out var status) && status is { ValueKind: JsonValueKind.Object } parsed && Text(parsed, "kind") == "Status")
                return Of(verb, target, parsed, statusCode, retryAfter);
        }
        catch (JsonException)
        {
            // A proxy's page, or half an answer: said as it is.
        }
        var text = Encoding.UTF8.GetString(body.Length > MaxMessage ? body[..MaxMessage] : body);
        return new ApiException(verb, target, statusCode, $"Http{statusCode.ToString(CultureInfo.InvariantCulture)}", text.Trim().Length == 0 ? "no message" : text, retryAfter);
    }

    internal static ApiException Of(string verb, string target, JsonElement status, int statusCode = 0, TimeSpan? retryAfter = null)
    {
        if (status.ValueKind == JsonValueKind.Object && status.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out var value))
            statusCode = value;
        return new ApiException(verb, target, statusCode, Text(status, "reason") ?? "Unknown", Text(status, "message") ?? "no message", retryAfter);
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Describe(string verb, string target, int statusCode, string reason, string message)
    {
        var line = new StringBuilder().Append(verb).Append(' ').Append(target).Append(": ");
        foreach (var c in message.AsSpan(0, Math.Min(message.Length, MaxMessage)))
            line.Append(char.IsControl(c) ? ' ' : c);
        return statusCode == 0
            ? line.ToString()
            : line.Append(CultureInfo.InvariantCulture, $" ({statusCode} {reason})").ToString();
    }
}
