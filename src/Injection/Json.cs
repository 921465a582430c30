using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Injection;

/// <summary>How JSON is written and compared here.</summary>
internal static class Json
{
    /// <summary>
    /// Relaxed escaping: the output goes to API servers and files, never into HTML, and people read it. Validation is
    /// skipped: every writer's calls are fixed in code and held by tests.
    /// </summary>
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>
    /// Whether <paramref name="actual"/> has all that <paramref name="wanted"/> has, and perhaps more members: API servers
    /// fill in defaults. Lists must have the same length.
    /// </summary>
    public static bool Covers(JsonElement actual, JsonElement wanted)
    {
        if (actual.ValueKind != wanted.ValueKind)
            return false;
        switch (wanted.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in wanted.EnumerateObject())
                {
                    if (!actual.TryGetProperty(member.Name, out var other) || !Covers(other, member.Value))
                        return false;
                }
                return true;
            case JsonValueKind.Array:
                if (actual.GetArrayLength() != wanted.GetArrayLength())
                    return false;
                for (var i = 0; i < wanted.GetArrayLength(); i++)
                {
                    if (!Covers(actual[i], wanted[i]))
                        return false;
                }
                return true;
            default:
                return JsonElement.DeepEquals(actual, wanted);
        }
    }
}
