using System.Text.Json.Nodes;

namespace Sluice.Cluster.Tests;

public sealed class SubsetTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"a":1,"b":2}""", null)]
    [InlineData("""{"a":[{"b":"x"}]}""", """{"a":[{"b":"x","c":true}]}""", null)]
    [InlineData("""{"a":1}""", """{"a":2}""", ".a: 1 became 2")]
    [InlineData("""{"a":{"b":1}}""", """{"a":{}}""", ".a.b: 1 became null")]
    [InlineData("""{"a":{"b":1}}""", """{}""", ".a.b: 1 became null")]
    [InlineData("""{"a":[1,2]}""", """{"a":[1]}""", ".a: [1,2] became [1]")]
    [InlineData("""{"a":[{"b":1},{"b":2}]}""", """{"a":[{"b":1},{"b":3}]}""", ".a[1].b: 2 became 3")]
    public void What_was_written_must_be_there(string written, string stored, string? missing) =>
        Assert.Equal(missing, Subset.Missing("", JsonNode.Parse(written), JsonNode.Parse(stored)));

    [Theory]
    [InlineData(".spec.profile", "webcache")]
    [InlineData(".spec", null)]
    [InlineData(".spec.none", null)]
    [InlineData(".spec.profile.none", null)]
    [InlineData(".status.conditions[?(@.type==\"Ready\")].status", null)]
    public void A_path_of_names_is_followed(string path, string? value) =>
        Assert.Equal(value, Subset.At(Json.Parse("""{"spec":{"profile":"webcache"}}"""), path) is JsonValue found ? found.GetValue<string>() : null);
}
