using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.JsonPatch.SystemTextJson;
using Sluice.Api.Manifests;

namespace Sluice.Testing.Manifests;

/// <summary>
/// What kustomize makes of a directory: as much of it as deploy/manifests uses, so that the tests need no program. Whatever else
/// a kustomization.yaml says is an error; tests/Manifests.Tests compares with kubectl where there is one.
/// </summary>
public static class Kustomization
{
    private static readonly string[] Known = ["apiVersion", "kind", "resources", "components", "labels", "patches"];

    /// <summary>The overlays below deploy/manifests, and deploy/manifests itself as the empty name.</summary>
    public static IReadOnlyList<string> Roots { get; } =
    [
        "", .. Directory.GetDirectories(Path.Combine(Yaml.Manifests, "overlays")).Select(d => $"overlays/{Path.GetFileName(d)}").Order(StringComparer.Ordinal),
    ];

    /// <summary>All objects of a directory, given relative to deploy/manifests.</summary>
    public static IReadOnlyList<JsonObject> Render(string root)
    {
        var items = new List<JsonObject>();
        Accumulate(Path.Combine(Yaml.Manifests, root), items);
        return items;
    }

    public static JsonObject Find(this IReadOnlyList<JsonObject> items, string kind, string name) =>
        items.Single(i => Yaml.Text(i["kind"]) == kind && Yaml.Text(i["metadata"]!["name"]) == name);

    private static void Accumulate(string directory, List<JsonObject> items)
    {
        var file = Path.Combine(directory, "kustomization.yaml");
        var settings = Yaml.ReadFile(file).Single();
        if (settings.FirstOrDefault(s => !Known.Contains(s.Key, StringComparer.Ordinal)).Key is { } unknown)
            throw new NotSupportedException($"{file}: {unknown} is not understood by the tests");
        var own = new List<JsonObject>();
        foreach (var resource in List(settings, "resources"))
            AddResource(Path.GetFullPath(Path.Combine(directory, Yaml.Text(resource))), own);
        foreach (var label in List(settings, "labels"))
            Label(label!.AsObject(), own);
        items.AddRange(own);
        // A component works on all that its user has gathered so far.
        foreach (var component in List(settings, "components"))
            Accumulate(Path.GetFullPath(Path.Combine(directory, Yaml.Text(component))), items);
        foreach (var patch in List(settings, "patches"))
            Patch(file, patch!.AsObject(), items);
    }

    private static void AddResource(string path, List<JsonObject> items)
    {
        if (Directory.Exists(path))
            Accumulate(path, items);
        else
            items.AddRange(Yaml.ReadFile(path));
    }

    private static void Label(JsonObject label, List<JsonObject> items)
    {
        if (label["includeSelectors"]?.GetValue<bool>() is not false)
            throw new NotSupportedException("labels that become part of selectors are not understood by the tests");
        foreach (var item in items)
        {
            var metadata = item["metadata"]!.AsObject();
            metadata["labels"] ??= new JsonObject();
            foreach (var (key, value) in label["pairs"]!.AsObject())
                metadata["labels"]![key] = value!.DeepClone();
        }
    }

    private static void Patch(string file, JsonObject patch, List<JsonObject> items)
    {
        var targets = items.Where(i => IsTarget(patch["target"]!.AsObject(), i)).ToList();
        if (targets.Count == 0)
            throw new InvalidDataException($"{file}: nothing matches {patch["target"]!.ToJsonString()}");
        var text = YamlDocuments.Read(Yaml.Text(patch["patch"])).Documents.Single().Json;
        foreach (var target in targets)
        {
            if (JsonNode.Parse(text.Span) is not JsonArray)
            {
                if (Yaml.Text(JsonNode.Parse(text.Span)!["$patch"]) != "delete")
                    throw new NotSupportedException($"{file}: of strategic merge patches the tests understand deletions alone");
                items.Remove(target);
                continue;
            }
            JsonSerializer.Deserialize<JsonPatchDocument>(text.Span)!.ApplyTo(target);
        }
    }

    private static bool IsTarget(JsonObject target, JsonObject item) =>
        Matches(target["kind"], item["kind"]) && Matches(target["name"], item["metadata"]!["name"]);

    private static bool Matches(JsonNode? pattern, JsonNode? text) =>
        pattern is null || Regex.IsMatch(Yaml.Text(text), $"^(?:{Yaml.Text(pattern)})$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    private static JsonArray List(JsonObject settings, string name) => settings[name]?.AsArray() ?? [];
}
