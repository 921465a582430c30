using System.Text.Json.Nodes;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>One CustomResourceDefinition of deploy/manifests/crds, and what an API server would say to an object of it.</summary>
internal sealed class CustomResource
{
    private readonly OpenApiSchema _openApi;

    private CustomResource(JsonObject definition)
    {
        Definition = definition;
        Spec = definition["spec"]!.AsObject();
        Version = Spec["versions"]!.AsArray().Single()!.AsObject();
        Schema = Version["schema"]!["openAPIV3Schema"]!.AsObject();
        Kind = Yaml.Text(Spec["names"]!["kind"]);
        _openApi = new OpenApiSchema(Schema);
    }

    public static IReadOnlyList<CustomResource> All { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(Yaml.Manifests, "crds"), "*.yaml").Order(StringComparer.Ordinal)
            .SelectMany(Yaml.ReadFile)
            .Where(d => Yaml.Text(d["kind"]) == "CustomResourceDefinition")
            .Select(d => new CustomResource(d)),
    ];

    public string Kind { get; }
    public JsonObject Definition { get; }
    public JsonObject Spec { get; }
    public JsonObject Version { get; }
    public JsonObject Schema { get; }

    public static CustomResource Of(string kind) => All.Single(c => c.Kind == kind);

    /// <summary>Every schema below the root and the root, with the path of what it describes: <c>spec.files[].name</c>, <c>spec.options{}</c>.</summary>
    public IEnumerable<(string Path, JsonObject Schema)> Walk() => Walk("", Schema);

    /// <summary>The schema of a path such as <c>.spec.replicas</c>; null when there is none.</summary>
    public JsonObject? Find(string jsonPath)
    {
        var schema = Schema;
        foreach (var name in jsonPath.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (schema["properties"]?[name] is not JsonObject next)
                return null;
            schema = next;
        }
        return schema;
    }

    /// <summary>What an API server finds wrong with an object that is created, or that takes the place of <paramref name="old"/>: schema first, then rules.</summary>
    public IReadOnlyList<string> Check(JsonObject written, JsonObject? old = null)
    {
        var errors = _openApi.Check(written);
        // Rules run on what is structurally right, as in an API server.
        return errors.Count > 0 ? errors : [.. ValidationRules.Check(Schema, Defaults.Apply(Schema, written), old is null ? null : Defaults.Apply(Schema, old)).Select(v => v.ToString())];
    }

    private static IEnumerable<(string Path, JsonObject Schema)> Walk(string path, JsonObject schema)
    {
        yield return (path, schema);
        foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
        {
            foreach (var below in Walk(path.Length == 0 ? name : $"{path}.{name}", property!.AsObject()))
                yield return below;
        }
        if (schema["items"] is JsonObject items)
        {
            foreach (var below in Walk(path + "[]", items))
                yield return below;
        }
        if (schema["additionalProperties"] is JsonObject values)
        {
            foreach (var below in Walk(path + "{}", values))
                yield return below;
        }
    }
}
