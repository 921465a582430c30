using System.Text.Json.Nodes;

namespace Sluice.Cluster.Tests;

/// <summary>Parts of objects.</summary>
internal static class Subset
{
    /// <summary>Where <paramref name="stored"/> lacks what was written, or has something else; null when all is there. More may be there.</summary>
    public static string? Missing(string path, JsonNode? written, JsonNode? stored)
    {
        switch (written)
        {
            case JsonObject map:
                return map.Select(m => Missing($"{path}.{m.Key}", m.Value, stored is JsonObject there ? there[m.Key] : null)).FirstOrDefault(m => m is not null);
            case JsonArray list when stored is JsonArray there && there.Count == list.Count:
                return list.Select((item, i) => Missing($"{path}[{i}]", item, there[i])).FirstOrDefault(m => m is not null);
            default:
                return JsonNode.DeepEquals(written, stored) ? null : $"{path}: {written?.ToJsonString() ?? "null"} became {stored?.ToJsonString() ?? "null"}";
        }
    }

    /// <summary>The value at a path such as <c>.status.phase</c>; null when there is none, and for paths that are more than names.</summary>
    public static JsonNode? At(JsonNode item, string path)
    {
        JsonNode? at = item;
        foreach (var name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
            at = at is JsonObject map ? map[name] : null;
        return at;
    }
}
