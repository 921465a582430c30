using System.Text.Json.Nodes;
using Sluice.Api;

namespace Sluice.Testing.Manifests;

/// <summary>One line of <c>tests/Manifests.Tests/Schemas/invalid.yaml</c>: an object that must be refused, by whom, and where the error must be.</summary>
public sealed class InvalidObject
{
    private static readonly JsonObject Table = Yaml.ReadFile(Repository.PathOf("tests", "Manifests.Tests", "Schemas", "invalid.yaml")).Single();

    private InvalidObject(JsonObject entry)
    {
        Kind = Yaml.Text(entry["kind"]);
        Title = $"{Kind}: {Yaml.Text(entry["about"])}";
        By = Yaml.Text(entry["by"]);
        Path = Yaml.Text(entry["path"]);
        Why = entry["why"] is { } why ? Yaml.Text(why) : null;
        Item = Base(Kind);
        if (entry["repeat"] is JsonObject repeat)
            Item["spec"]![Yaml.Text(repeat["path"])["spec.".Length..]] = Repeated(repeat);
        Merge(Item, entry["merge"]?.AsObject() ?? []);
        if (entry["old"] is not JsonObject changes)
            return;
        Old = Base(Kind);
        Merge(Old, changes);
    }

    public static IReadOnlyList<InvalidObject> All { get; } = [.. Table["cases"]!.AsArray().Select(c => new InvalidObject(c!.AsObject()))];

    /// <summary>The kinds, each of which has an object that is right.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. Table["bases"]!.AsObject().Select(b => b.Key)];

    public string Kind { get; }
    public string Title { get; }

    /// <summary><c>Both</c>, <c>Validators</c> or <c>Schema</c>.</summary>
    public string By { get; }

    /// <summary>Where the error must be.</summary>
    public string Path { get; }

    /// <summary>Why the other side lets it pass; null when it does not.</summary>
    public string? Why { get; }

    public JsonObject Item { get; }

    /// <summary>What <see cref="Item"/> is an update of; null for a new object.</summary>
    public JsonObject? Old { get; }

    /// <summary>The object of a kind that is right.</summary>
    public static JsonObject Base(string kind)
    {
        var item = new JsonObject { ["apiVersion"] = Names.ApiVersion, ["kind"] = kind };
        foreach (var (name, value) in Table["bases"]![kind]!.AsObject())
            item[name] = value!.DeepClone();
        return item;
    }

    private static JsonArray Repeated(JsonObject repeat)
    {
        var list = new JsonArray();
        for (var i = 0; i < repeat["times"]!.GetValue<int>(); i++)
            list.Add(repeat["item"]!.DeepClone());
        return list;
    }

    /// <summary>RFC 7396.</summary>
    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
                target.Remove(name);
            else if (value is JsonObject below && target[name] is JsonObject there)
                Merge(there, below);
            else
                target[name] = value.DeepClone();
        }
    }
}
