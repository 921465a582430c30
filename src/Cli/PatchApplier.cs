using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Cli;

/// <summary>
/// Applies RFC 6902 documents to JSON nodes in place. Members keep their order and numbers their digits. The library that
/// the tests hold this against works by reflection and does not survive Native AOT.
/// </summary>
internal static class PatchApplier
{
    /// <summary>Applies the operations in order.</summary>
    /// <exception cref="PatchException">An operation does not fit the document, which is then changed in part: throw it away.</exception>
    public static void Apply(JsonObject document, JsonElement patch)
    {
        foreach (var operation in patch.EnumerateArray())
            Apply(document, operation, Text(operation, "op"), JsonPointer.Parse(Text(operation, "path")));
    }

    private static void Apply(JsonObject document, JsonElement operation, string op, JsonPointer path)
    {
        switch (op)
        {
            case "add":
                Add(document, path, Value(operation, path));
                break;
            case "remove":
                Remove(document, path);
                break;
            case "replace":
                Replace(document, path, Value(operation, path));
                break;
            case "move":
                Add(document, path, Remove(document, JsonPointer.Parse(Text(operation, "from"))));
                break;
            case "copy":
                Add(document, path, Find(document, JsonPointer.Parse(Text(operation, "from")))?.DeepClone());
                break;
            case "test":
                if (!JsonNode.DeepEquals(Find(document, path), Value(operation, path)))
                    throw new PatchException($"the value at {path} is not the one that the patch tests for");
                break;
            default:
                throw new PatchException($"\"{op}\" at {path} is no operation of RFC 6902");
        }
    }

    private static void Add(JsonObject document, JsonPointer path, JsonNode? value)
    {
        switch (Parent(document, path))
        {
            case JsonObject parent:
                parent[path.Last] = value;
                break;
            case JsonArray parent:
                parent.Insert(path.Last == "-" ? parent.Count : Index(path, parent.Count), value);
                break;
        }
    }

    private static JsonNode? Remove(JsonObject document, JsonPointer path)
    {
        var removed = Find(document, path);
        switch (Parent(document, path))
        {
            case JsonObject parent:
                parent.Remove(path.Last);
                break;
            case JsonArray parent:
                parent.RemoveAt(Index(path, parent.Count - 1));
                break;
        }
        return removed;
    }

    private static void Replace(JsonObject document, JsonPointer path, JsonNode? value)
    {
        _ = Find(document, path); // RFC 6902, 4.3: the target must exist
        switch (Parent(document, path))
        {
            case JsonObject parent:
                parent[path.Last] = value;
                break;
            case JsonArray parent:
                parent[Index(path, parent.Count - 1)] = value;
                break;
        }
    }

    /// <summary>The object or list that holds the last segment.</summary>
    private static JsonNode Parent(JsonObject document, JsonPointer path)
    {
        if (path.Segments.Count == 0)
            throw new PatchException("the patch replaces the whole document");
        var parent = Find(document, path.Parent);
        return parent is JsonObject or JsonArray ? parent : throw Missing(path.Parent);
    }

    private static JsonNode? Find(JsonObject document, JsonPointer path)
    {
        JsonNode? node = document;
        foreach (var segment in path.Segments)
        {
            node = node switch
            {
                JsonObject parent => parent.TryGetPropertyValue(segment, out var child) ? child : throw Missing(path),
                JsonArray parent => TryIndex(segment, parent.Count - 1, out var index) ? parent[index] : throw Missing(path),
                _ => throw Missing(path),
            };
        }
        return node;
    }

    private static int Index(JsonPointer path, int max) => TryIndex(path.Last, max, out var index) ? index : throw Missing(path);

    private static bool TryIndex(string segment, int max, out int index) =>
        int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out index)
        && index <= max
        && (segment[0] != '0' || segment.Length == 1); // RFC 6901, section 4: no leading zeros

    private static string Text(JsonElement operation, string name) =>
        operation.ValueKind == JsonValueKind.Object && operation.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new PatchException($"an operation of the patch has no \"{name}\"");

    /// <summary>A node of its own: the patch may be applied to several documents.</summary>
    private static JsonNode? Value(JsonElement operation, JsonPointer path) =>
        operation.TryGetProperty("value", out var value) ? JsonNodes.Of(value) : throw new PatchException($"the operation at {path} has no \"value\"");

    private static PatchException Missing(JsonPointer path) => new($"the document has no {path}");
}

/// <summary>A patch does not fit; the message says where.</summary>
internal sealed class PatchException(string message) : Exception(message);
