using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Sluice.Api.Manifests;

/// <summary>What may stand where a type wants one value, and how to say that something else does.</summary>
internal static class Leaf
{
    /// <summary>Null when <paramref name="element"/> fits.</summary>
    public static string? Problem(JsonElement element, JsonTypeInfo type)
    {
        var target = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (target == typeof(JsonElement))
            return null;
        if (target.IsEnum)
            return EnumProblem(element, type);
        if (target == typeof(string))
            return element.ValueKind == JsonValueKind.String ? null : NotText(element);
        if (target == typeof(bool))
            return element.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : NotBoolean(element);
        if (target == typeof(int))
            return element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out _) ? null : NotWhole(element);
        if (target == typeof(long))
            return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out _) ? null : NotWhole(element);
        if (target == typeof(DateTimeOffset))
            return element.ValueKind == JsonValueKind.String && element.TryGetDateTimeOffset(out _) ? null : $"must be a time such as 2026-11-24T10:00:00Z, not {Describe(element)}";
        try
        {
            // Types of ours whose converter knows the grammar: Quantity and Duration.
            element.Deserialize(type);
            return null;
        }
        catch (JsonException e)
        {
            var message = e.InnerException is JsonException inner ? inner.Message : e.Message;
            var suffix = message.IndexOf(" Path: ", StringComparison.Ordinal);
            return $"{(suffix < 0 ? message : message[..suffix]).TrimEnd('.')}, not {Describe(element)}";
        }
    }

    /// <summary>How a message shows a value; long ones are cut.</summary>
    public static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.Null or JsonValueKind.Undefined => "null",
        _ => element.GetRawText() is { Length: > 60 } text ? text[..57] + "…" : element.GetRawText(),
    };

    private static string? EnumProblem(JsonElement element, JsonTypeInfo type)
    {
        var allowed = EnumNames.Of(type);
        if (element.ValueKind == JsonValueKind.String && allowed.Contains(element.GetString()!, StringComparer.Ordinal))
            return null;
        return $"must be {Alternatives(allowed)}, not {Describe(element)}";
    }

    private static string NotText(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => $"must be text: write it in quotes, \"{element.GetRawText()}\" if that is what is meant",
        _ => "must be text, not " + Describe(element),
    };

    private static string NotBoolean(JsonElement element) =>
        element.ValueKind == JsonValueKind.String && element.GetString() is "true" or "false"
            ? $"must be true or false without quotes, not {Describe(element)}"
            : $"must be true or false, not {Describe(element)}";

    private static string NotWhole(JsonElement element) =>
        element.ValueKind == JsonValueKind.String && long.TryParse(element.GetString(), System.Globalization.CultureInfo.InvariantCulture, out _)
            ? $"must be a whole number without quotes, not {Describe(element)}"
            : $"must be a whole number, not {Describe(element)}";

    private static string Alternatives(IReadOnlyList<string> names) =>
        names.Count == 1 ? names[0] : $"{string.Join(", ", names.Take(names.Count - 1))} or {names[^1]}";
}
