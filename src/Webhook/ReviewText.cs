using System.Text.Json;
using System.Text.Unicode;

namespace Sluice.Webhook;

/// <summary>
/// From bytes to a JSON document that no later step can stumble over: valid UTF-8, no key twice, at most 64 levels, no half of
/// a surrogate pair. System.Text.Json checks neither the UTF-8 nor the pairs before somebody asks for the string.
/// </summary>
internal static class ReviewText
{
    private const int MaxDepth = 64; // a pod has about 15 levels, managedFields included

    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = MaxDepth };

    /// <summary>The document, which the caller disposes; null with what is wrong.</summary>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> body, out string? problem)
    {
        problem = null;
        if (body.IsEmpty)
        {
            problem = "the body is empty";
            return null;
        }
        if (!Utf8.IsValid(body.Span))
        {
            problem = "the body is not valid UTF-8";
            return null;
        }
        try
        {
            if (!HasLoneSurrogate(body.Span))
                return JsonDocument.Parse(body, Options);
            problem = "the body has a string with half of a surrogate pair";
        }
        catch (JsonException e)
        {
            problem = $"the body is not acceptable JSON: {e.Message}";
        }
        return null;
    }

    /// <summary>
    /// Looks for <c>request.uid</c> in a body that is no acceptable document, up to the first byte that is no JSON.
    /// Null when it is not there.
    /// </summary>
    public static string? FindUid(ReadOnlySpan<byte> body)
    {
        // No depth limit: the reader keeps a bit per level, and the body's size is limited already.
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (NextMember(ref reader, "request"u8, out var isRequest))
            {
                if (isRequest && reader.TokenType == JsonTokenType.StartObject)
                {
                    if (FindUid(ref reader) is { } uid)
                        return uid;
                    continue; // on the request's closing brace
                }
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Open or closed: closed. Without a uid the answer is an HTTP error, which fails the request.
        }
        return null;
    }

    /// <summary>Reads the members of one object up to a uid, or up to the object's end.</summary>
    private static string? FindUid(ref Utf8JsonReader reader)
    {
        while (NextMember(ref reader, "uid"u8, out var isUid))
        {
            if (isUid && reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 0 } uid)
                return uid;
            reader.Skip();
        }
        return null;
    }

    /// <summary>Moves to the next member's value and compares its name; false at the object's end.</summary>
    private static bool NextMember(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, out bool isNamed)
    {
        isNamed = false;
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
            return false;
        isNamed = reader.ValueTextEquals(name);
        return reader.Read();
    }

    /// <summary>
    /// Whether some string escapes half of a surrogate pair, which is JSON but no Unicode. Most bodies escape no surrogate
    /// at all, and one search over the bytes says so.
    /// </summary>
    /// <exception cref="JsonException">The body is no JSON; only found when it escapes surrogates.</exception>
    internal static bool HasLoneSurrogate(ReadOnlySpan<byte> body)
    {
        if (!EscapesSurrogates(body))
            return false;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped)
                continue;
            try
            {
                _ = reader.GetString();
            }
            catch (InvalidOperationException)
            {
                return true;
            }
        }
        return false;
    }

    private static bool EscapesSurrogates(ReadOnlySpan<byte> body)
    {
        while (true)
        {
            var at = body.IndexOf("\\u"u8);
            if (at < 0 || at + 4 > body.Length)
                return false;
            if (body[at + 2] is (byte)'d' or (byte)'D' && body[at + 3] is (>= (byte)'8' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'f') or (>= (byte)'A' and <= (byte)'F'))
                return true;
            body = body[(at + 2)..];
        }
    }
}
