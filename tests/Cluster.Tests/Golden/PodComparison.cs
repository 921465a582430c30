using System.Text.Json.Nodes;
using DiffPlex.Renderer;
using Sluice.Api.Manifests;

namespace Sluice.Cluster.Tests.Golden;

/// <summary>A golden pod against the one that an API server has.</summary>
internal static class PodComparison
{
    /// <summary>A readable difference, or null when there is none but for what servers write. Order in lists counts, order of members does not.</summary>
    public static string? Difference(JsonObject expected, JsonObject actual)
    {
        var (left, right) = (Text(expected), Text(actual));
        return left == right ? null : UnidiffRenderer.GenerateUnidiff(left, right, "the golden file", "the API server", contextLines: 3);
    }

    private static string Text(JsonObject pod)
    {
        var copy = pod.DeepClone().AsObject();
        ServerWrites.Remove(copy);
        return YamlWriter.Write(System.Text.Json.JsonElement.Parse(Sorted(copy).ToJsonString()));
    }

    private static JsonNode Sorted(JsonNode item) => item switch
    {
        JsonObject map => new JsonObject(map.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, m.Value is null ? null : Sorted(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(i => i is null ? null : Sorted(i))]),
        _ => item.DeepClone(),
    };
}
