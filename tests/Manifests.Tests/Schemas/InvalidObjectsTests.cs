using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api.Manifests;
using Sluice.Api.Validation;
using Sluice.Manifests.Tests.Rendering;
using Sluice.Testing;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>The table of invalid.yaml: what the validators refuse the schemas refuse too, or the table says why not.</summary>
public sealed class InvalidObjectsTests
{
    private static readonly JsonObject Table = Yaml.ReadFile(Repository.PathOf("tests", "Manifests.Tests", "Schemas", "invalid.yaml")).Single();

    public static TheoryData<string> Cases => [.. Table["cases"]!.AsArray().Select(c => Title(c!.AsObject()))];

    public static TheoryData<string> Bases => [.. Table["bases"]!.AsObject().Select(b => b.Key)];

    [Theory]
    [MemberData(nameof(Bases))]
    public void A_base_of_the_table_is_right_for_both(string kind)
    {
        var item = Base(kind);
        Assert.Empty(ByValidators(item));
        Assert.Empty(CustomResource.Of(kind).Check(item));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_object_is_refused_by_whom_the_table_says(string title)
    {
        var entry = Entry(title);
        var (item, old) = Objects(entry);
        var by = Yaml.Text(entry["by"]);
        var path = Yaml.Text(entry["path"]);
        Assert.True(by is "Both" or "Validators" or "Schema", by);
        Assert.Equal(by == "Both", entry["why"] is null);
        Expect("the validators", by != "Schema", path, ByValidators(item, old));
        Expect("the schema", by != "Validators", path, CustomResource.Of(Yaml.Text(entry["kind"])).Check(item, old));
    }

    [Fact]
    public void Titles_are_unique() =>
        Assert.Empty(Table["cases"]!.AsArray().GroupBy(c => Title(c!.AsObject()), StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key));

    /// <summary>A rule that nothing in the table breaks could be wrong in any way.</summary>
    [Fact]
    public void Every_rule_of_the_schemas_refuses_something_in_the_table()
    {
        var broken = new HashSet<(string Kind, string Rule)>();
        foreach (var entry in Table["cases"]!.AsArray().Select(c => c!.AsObject()))
        {
            var kind = Yaml.Text(entry["kind"]);
            var (item, old) = Objects(entry);
            var schema = CustomResource.Of(kind).Schema;
            foreach (var violation in ValidationRules.Check(schema, Defaults.Apply(schema, item), old is null ? null : Defaults.Apply(schema, old)))
                broken.Add((kind, violation.Rule));
        }
        // The same rule about the same part of several kinds needs to be broken once.
        var tried = broken.Select(b => b.Rule).ToHashSet(StringComparer.Ordinal);
        var rules = CustomResource.All.SelectMany(c => c.Walk()).SelectMany(w => w.Schema["x-kubernetes-validations"]?.AsArray() ?? []).Select(r => Yaml.Text(r!["rule"])).Distinct(StringComparer.Ordinal);
        Assert.DoesNotContain(rules, r => !tried.Contains(r));
    }

    private static void Expect(string who, bool refuses, string path, IReadOnlyList<string> errors)
    {
        if (!refuses)
            Assert.True(errors.Count == 0, $"{who} refuse it too, so that the table should say Both: {string.Join("; ", errors)}");
        else
            Assert.True(errors.Any(e => e.Contains(path, StringComparison.Ordinal)), errors.Count == 0 ? $"{who} let it pass" : string.Join("; ", errors));
    }

    private static List<string> ByValidators(JsonObject item, JsonObject? old = null)
    {
        var file = Read(item);
        var transition = old is not null && file.Errors.Count == 0 ? ManifestTransitions.Check(Read(old).Objects.Single().Resource, file.Objects.Single().Resource) : [];
        return [.. file.Errors.Select(e => $"{e.Path}: {e.Message}"), .. file.Objects.SelectMany(o => ManifestValidation.Check(o.Resource)).Concat(transition).Select(e => e.ToString())];
    }

    private static ManifestFile Read(JsonObject item) => ManifestReader.ReadJson("object", JsonSerializer.SerializeToUtf8Bytes(item));

    private static (JsonObject Item, JsonObject? Old) Objects(JsonObject entry)
    {
        var kind = Yaml.Text(entry["kind"]);
        var item = Base(kind);
        if (entry["repeat"] is JsonObject repeat)
        {
            var list = new JsonArray();
            for (var i = 0; i < repeat["times"]!.GetValue<int>(); i++)
                list.Add(repeat["item"]!.DeepClone());
            item["spec"]![Yaml.Text(repeat["path"])["spec.".Length..]] = list;
        }
        Merge(item, entry["merge"]?.AsObject() ?? []);
        if (entry["old"] is not JsonObject changes)
            return (item, null);
        var old = Base(kind);
        Merge(old, changes);
        return (item, old);
    }

    private static JsonObject Base(string kind)
    {
        var item = new JsonObject { ["apiVersion"] = Api.Names.ApiVersion, ["kind"] = kind };
        foreach (var (name, value) in Table["bases"]![kind]!.AsObject())
            item[name] = value!.DeepClone();
        return item;
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

    private static JsonObject Entry(string title) => Table["cases"]!.AsArray().Select(c => c!.AsObject()).Single(c => Title(c) == title);

    private static string Title(JsonObject entry) => $"{Yaml.Text(entry["kind"])}: {Yaml.Text(entry["about"])}";
}
