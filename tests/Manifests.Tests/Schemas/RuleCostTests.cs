using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>
/// An API server estimates what each rule may cost at worst and refuses the definition when it is too much. The estimate
/// here is coarser, and higher: every list that a rule walks multiplies all of the rule, every text has its greatest length.
/// </summary>
public sealed partial class RuleCostTests
{
    // Source: apiextensions-apiserver, pkg/apiserver/validation: StaticEstimatedCostLimit and StaticEstimatedCRDCostLimit.
    private const double RuleLimit = 10_000_000;
    private const double DefinitionLimit = 100_000_000;
    private const double PerCharacter = 0.1;
    private const double PerPatternCharacter = 0.25;
    private const int LongestKey = 317; // of a map: a label's name; an API server counts less
    private const int LongestDynamic = 3 * 1024 * 1024; // a value without a type counts as large as a whole request

    public static TheoryData<string> Kinds => [.. CustomResource.All.Select(c => c.Kind)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Rules_stay_within_the_budget_of_an_API_server(string kind)
    {
        var total = 0.0;
        foreach (var (path, schema, copies) in Walk("", CustomResource.Of(kind).Schema, 1))
        {
            foreach (var rule in schema["x-kubernetes-validations"]?.AsArray() ?? [])
            {
                var cost = copies * Cost(path, Yaml.Text(rule!["rule"]), schema);
                Assert.True(cost < RuleLimit, string.Create(CultureInfo.InvariantCulture, $"{path}: {cost:N0} for {rule["rule"]}"));
                total += cost;
            }
        }
        Assert.InRange(total, 0, DefinitionLimit);
    }

    private static double Cost(string path, string rule, JsonObject self)
    {
        var fields = Fields().Matches(rule).Select(m => (Name: m.Value, Schema: Find(self, m.Groups["path"].Value))).ToList();
        Assert.All(fields, f => Assert.True(f.Schema is not null || f.Name.Contains('(', StringComparison.Ordinal), $"{path}: {f.Name} in {rule}"));
        var walked = 1.0;
        foreach (Match walk in Walks().Matches(rule))
            walked *= Bound(Find(self, walk.Groups["path"].Value)!);
        var longest = fields.Select(f => Longest(f.Schema)).Append(Longest(self)).Max();
        var patterns = Patterns().Matches(rule).Sum(m => m.Length * PerPatternCharacter * ((PerCharacter * longest) + 1));
        var others = rule.Length + (Comparisons().Count(rule) * PerCharacter * longest);
        return walked * (patterns + others);
    }

    private static IEnumerable<(string Path, JsonObject Schema, double Copies)> Walk(string path, JsonObject schema, double copies)
    {
        yield return (path, schema, copies);
        foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
        {
            foreach (var below in Walk($"{path}.{name}", property!.AsObject(), copies))
                yield return below;
        }
        if ((schema["items"] ?? schema["additionalProperties"]) is JsonObject items)
        {
            foreach (var below in Walk(path + "[]", items, copies * Bound(schema)))
                yield return below;
        }
    }

    private static double Bound(JsonObject schema) => (schema["maxItems"] ?? schema["maxProperties"])!.GetValue<int>();

    private static double Longest(JsonObject? schema) => schema switch
    {
        null => 0,
        _ when schema["x-kubernetes-int-or-string"] is not null => LongestDynamic,
        _ when schema["maxLength"] is { } length => length.GetValue<int>(),
        _ when schema["enum"] is JsonArray values => values.Max(v => Yaml.Text(v).Length),
        _ when schema["items"] is JsonObject items => Longest(items),
        _ when schema["additionalProperties"] is not null => LongestKey,
        _ => 0,
    };

    private static JsonObject? Find(JsonObject self, string path)
    {
        var schema = self;
        foreach (var name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (schema["properties"]?[name] is not JsonObject next)
                return null;
            schema = next;
        }
        return schema;
    }

    [GeneratedRegex(@"\b(self|oldSelf)(?<path>(\.[A-Za-z]+\b(?!\())*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Fields();

    /// <summary>Macros, and membership, which compares with every item.</summary>
    [GeneratedRegex(@"self(?<path>(\.[A-Za-z]+)*?)\.(all|exists|exists_one|map|filter)\(|\bin self(?<path>(\.[A-Za-z]+)*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Walks();

    [GeneratedRegex(@"matches\(r'.*?'\)", RegexOptions.None, 1000)]
    private static partial Regex Patterns();

    [GeneratedRegex(@"==|!=|\bin\b|contains\(|startsWith\(", RegexOptions.None, 1000)]
    private static partial Regex Comparisons();
}
