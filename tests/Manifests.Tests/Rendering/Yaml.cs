using System.Text.Json.Nodes;
using Sluice.Api.Manifests;
using Sluice.Testing;

namespace Sluice.Manifests.Tests.Rendering;

/// <summary>Files of deploy/ as JSON.</summary>
internal static class Yaml
{
    public static string Manifests { get; } = Repository.PathOf("deploy", "manifests");

    /// <summary>Every document of a file.</summary>
    public static IReadOnlyList<JsonObject> ReadFile(string path)
    {
        var file = YamlDocuments.Read(File.ReadAllText(path));
        if (file.Errors.Count > 0)
            throw new InvalidDataException($"{path}: {string.Join("; ", file.Errors)}");
        return [.. file.Documents.Select(d => JsonNode.Parse(d.Json.Span)!.AsObject())];
    }

    /// <summary><c>KIND NAMESPACE/NAME</c>, for messages and for finding.</summary>
    public static string FullName(JsonObject item) =>
        $"{Text(item["kind"])} {Text(item["metadata"]?["namespace"])}/{Text(item["metadata"]?["name"])}".Replace(" /", " ", StringComparison.Ordinal);

    public static string Text(JsonNode? node) => node?.GetValueKind() == System.Text.Json.JsonValueKind.String ? node.GetValue<string>() : "";
}
