using System.Text.Json;

namespace Sluice.Cli;

/// <summary>Looks into documents that others wrote: what is missing, or is of another type, is simply not there.</summary>
internal static class JsonReading
{
    /// <summary>The member that the names lead to; undefined when there is none.</summary>
    public static JsonElement At(this JsonElement element, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                return default;
        }
        return element;
    }

    public static string? Text(this JsonElement element, params ReadOnlySpan<string> names) =>
        element.At(names) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>A whole number; null for none.</summary>
    public static int? Number(this JsonElement element, params ReadOnlySpan<string> names) =>
        element.At(names) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : null;

    public static bool IsTrue(this JsonElement element, params ReadOnlySpan<string> names) => element.At(names).ValueKind == JsonValueKind.True;

    /// <summary>The items of a list.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, params ReadOnlySpan<string> names) =>
        element.At(names) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <summary>The texts of a list.</summary>
    public static IEnumerable<string> Texts(this JsonElement element, params ReadOnlySpan<string> names) =>
        element.Items(names).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!);

    /// <summary>An object whose values are texts or numbers, such as labels and resources.</summary>
    public static Dictionary<string, string> Map(this JsonElement element, params ReadOnlySpan<string> names)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (element.At(names) is { ValueKind: JsonValueKind.Object } members)
        {
            foreach (var member in members.EnumerateObject())
            {
                if (member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                    map[member.Name] = member.Value.ToString();
            }
        }
        return map;
    }

    /// <summary>The condition of a status.</summary>
    public static StatusCondition? Condition(this JsonElement item, string type) =>
        item.Items("status", "conditions").Where(c => c.Text("type") == type).Select(c => new StatusCondition(c.Text("status") == "True", c.Text("message") ?? "")).FirstOrDefault();

    /// <summary><c>NAMESPACE/NAME</c>, or the name alone.</summary>
    public static string FullName(this JsonElement item) => item.Text("metadata", "namespace") is { Length: > 0 } ns
        ? $"{ns}/{item.Text("metadata", "name")}"
        : item.Text("metadata", "name") ?? "";
}

/// <summary>A condition of some object's status.</summary>
/// <param name="IsTrue">Whether its status is True, and neither False nor Unknown.</param>
/// <param name="Message">In the words of whoever set it.</param>
internal sealed record StatusCondition(bool IsTrue, string Message);
