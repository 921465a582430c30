using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api.Manifests;
using Sluice.Api.Validation;
using Sluice.Testing;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>The table of invalid.yaml: what the validators refuse the schemas refuse too, or the table says why not.</summary>
public sealed class InvalidObjectsTests
{
    public static TheoryData<string> Cases => [.. InvalidObject.All.Select(c => c.Title)];

    public static TheoryData<string> Bases => [.. InvalidObject.Kinds];

    [Theory]
    [MemberData(nameof(Bases))]
    public void A_base_of_the_table_is_right_for_both(string kind)
    {
        var item = InvalidObject.Base(kind);
        Assert.Empty(ByValidators(item));
        Assert.Empty(CustomResource.Of(kind).Check(item));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_object_is_refused_by_whom_the_table_says(string title)
    {
        var entry = InvalidObject.All.Single(c => c.Title == title);
        Assert.True(entry.By is "Both" or "Validators" or "Schema", entry.By);
        Assert.Equal(entry.By == "Both", entry.Why is null);
        Expect("the validators", entry.By != "Schema", entry.Path, ByValidators(entry.Item, entry.Old));
        Expect("the schema", entry.By != "Validators", entry.Path, CustomResource.Of(entry.Kind).Check(entry.Item, entry.Old));
    }

    [Fact]
    public void Titles_are_unique() =>
        Assert.Empty(InvalidObject.All.GroupBy(c => c.Title, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key));

    /// <summary>A rule that nothing in the table breaks could be wrong in any way.</summary>
    [Fact]
    public void Every_rule_of_the_schemas_refuses_something_in_the_table()
    {
        var broken = new HashSet<(string Kind, string Rule)>();
        foreach (var entry in InvalidObject.All)
        {
            var schema = CustomResource.Of(entry.Kind).Schema;
            foreach (var violation in ValidationRules.Check(schema, Defaults.Apply(schema, entry.Item), entry.Old is null ? null : Defaults.Apply(schema, entry.Old)))
                broken.Add((entry.Kind, violation.Rule));
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
}
