using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.Api.Manifests;

namespace Sluice.Testing.Manifests;

/// <summary>Files of deploy/ as JSON.</summary>
public static partial class Yaml
{
    public static string Manifests { get; } = Repository.PathOf("deploy", "manifests");

    /// <summary>Every document of a file.</summary>
    public static IReadOnlyList<JsonObject> ReadFile(string path) => Read(path, File.ReadAllText(path));

    /// <summary>Every document of a text; <paramref name="source"/> is how errors name it.</summary>
    public static IReadOnlyList<JsonObject> Read(string source, string text)
    {
        var file = YamlDocuments.Read(text);
        if (file.Errors.Count > 0)
            throw new InvalidDataException($"{source}: {string.Join("; ", file.Errors)}");
        return [.. file.Documents.Select(d => JsonNode.Parse(d.Json.Span)!.AsObject())];
    }

    /// <summary>The YAML blocks of a page of documentation.</summary>
    public static IEnumerable<string> Blocks(string markdown) => FencedBlocks().Matches(markdown).Select(b => b.Groups["yaml"].Value);

    /// <summary><c>KIND NAMESPACE/NAME</c>, for messages and for finding.</summary>
    public static string FullName(JsonObject item) =>
        $"{Text(item["kind"])} {Text(item["metadata"]?["namespace"])}/{Text(item["metadata"]?["name"])}".Replace(" /", " ", StringComparison.Ordinal);

    public static string Text(JsonNode? node) => node?.GetValueKind() == System.Text.Json.JsonValueKind.String ? node.GetValue<string>() : "";

    [GeneratedRegex("^```yaml\n(?<yaml>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FencedBlocks();
}
