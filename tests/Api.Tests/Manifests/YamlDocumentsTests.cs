using System.Globalization;
using System.Text;
using Sluice.Api.Manifests;

namespace Sluice.Api.Tests.Manifests;

public sealed class YamlDocumentsTests
{
    private static string Json(string yaml)
    {
        var file = YamlDocuments.Read(yaml);
        Assert.Empty(file.Errors);
        return string.Join('\n', file.Documents.Select(d => Encoding.UTF8.GetString(d.Json.Span)));
    }

    private static string Error(string yaml)
    {
        var error = Assert.Single(YamlDocuments.Read(yaml).Errors);
        return $"{error.Mark.Line}:{error.Mark.Column}: {error.Path}: {error.Message}";
    }

    [Theory]
    [InlineData("no", "false")]
    [InlineData("NO", "false")]
    [InlineData("nO", "\"nO\"")]
    [InlineData("n", "false")]
    [InlineData("off", "false")]
    [InlineData("yes", "true")]
    [InlineData("On", "true")]
    [InlineData("true", "true")]
    [InlineData("'no'", "\"no\"")]
    [InlineData("\"1\"", "\"1\"")]
    [InlineData("!!str 1", "\"1\"")]
    [InlineData("! 1", "\"1\"")]
    [InlineData("!!int '1'", "1")]
    [InlineData("!!float 1", "1")]
    [InlineData("", "null")]
    [InlineData("~", "null")]
    [InlineData("Null", "null")]
    [InlineData("nil", "\"nil\"")]
    [InlineData("10", "10")]
    [InlineData("-0", "-0")]
    [InlineData("+12", "12")]
    [InlineData("010", "8")]
    [InlineData("0o10", "8")]
    [InlineData("0x1F", "31")]
    [InlineData("-0x1f", "-31")]
    [InlineData("0b101", "5")]
    [InlineData("089", "89")]
    [InlineData("1_000", "1000")]
    [InlineData("0xZZ", "\"0xZZ\"")]
    [InlineData("1e3", "1e3")]
    [InlineData("1.50", "1.50")]
    [InlineData(".5", "0.5")]
    [InlineData("5.", "5")]
    [InlineData("+1.5E+2", "1.5E+2")]
    [InlineData("00.5", "0.5")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("1Gi", "\"1Gi\"")]
    [InlineData("1:30", "\"1:30\"")]
    [InlineData("2026-11-24", "\"2026-11-24\"")]
    [InlineData("2026-11-24T10:00:00Z", "\"2026-11-24T10:00:00Z\"")]
    [InlineData("-", "[null]")]
    [InlineData("+", "\"+\"")]
    [InlineData(".", "\".\"")]
    [InlineData("@x", null)]
    [InlineData(".inf", null)]
    [InlineData("!!int x", null)]
    [InlineData("!!binary aGVsbG8=", null)]
    public void Plain_scalars_mean_what_kubectl_takes_them_for(string yaml, string? expected)
    {
        var file = YamlDocuments.Read("a:\n  " + yaml);
        if (expected is null)
            Assert.NotEmpty(file.Errors);
        else
            Assert.Equal($"{{\"a\":{expected}}}", Encoding.UTF8.GetString(Assert.Single(file.Documents).Json.Span));
    }

    [Fact]
    public void Documents_are_separate_and_empty_ones_are_skipped()
    {
        Assert.Equal("{\"a\":1}\n[2]\n\"x\"", Json("---\n# nothing\n---\na: 1\n---\n---\n- 2\n...\n--- x\n---\n"));
        Assert.Equal("", Json(""));
        Assert.Equal("", Json("# only a comment\n"));
    }

    [Fact]
    public void Json_is_yaml()
    {
        Assert.Equal(
            "{\"a\":[1,2.0,\"b\\n\",null,true],\"c\":{\"d\":\"/é\\uD83D\\uDE00\"}}",
            Json("{\n\t\"a\": [1, 2.0, \"b\\n\", null, true],\n\t\"c\": {\"d\": \"\\/\\u00e9\\ud83d\\ude00\"}\n}"));
    }

    [Fact]
    public void Anchors_aliases_and_merge_keys_are_expanded()
    {
        Assert.Equal(
            "{\"base\":{\"x\":1,\"w\":2},\"a\":{\"w\":3,\"x\":1},\"b\":{\"z\":0,\"x\":1,\"w\":2},\"c\":{\"x\":1,\"w\":2}}",
            Json("base: &b {x: 1, w: 2}\na: {w: 3, <<: *b}\nb: {<<: [{z: 0}, *b]}\nc: *b\n"));
    }

    [Fact]
    public void A_billion_laughs_are_an_error()
    {
        var yaml = new StringBuilder("a0: &a0 [lol]\n");
        for (var i = 1; i < 12; i++)
            yaml.Append(CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(",", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");
        Assert.Contains("aliases expand to more than", Error(yaml.ToString()), StringComparison.Ordinal);
        yaml.Clear().Append("a0: &a0 {x: 1}\n");
        for (var i = 1; i < 12; i++)
            yaml.Append(CultureInfo.InvariantCulture, $"a{i}: &a{i} {{<<: [{string.Join(",", Enumerable.Repeat($"*a{i - 1}", 9))}]}}\n");
        Assert.Contains("merge keys expand to too much", Error(yaml.ToString()), StringComparison.Ordinal);
        Assert.Contains("characters", Error($"a: &a {new string('x', 1 << 20)}\nb: [*a, *a, *a, *a, *a]\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_is_bounded()
    {
        Assert.Contains("more than 64 levels", Error(new string('[', 100_000)), StringComparison.Ordinal);
        Json(new string('[', 63) + "1" + new string(']', 63));
        Assert.Contains("more than 64 levels", Error(new string('[', 64) + "1" + new string(']', 64)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_alias_to_nothing_or_to_itself_is_an_error()
    {
        Assert.Equal("1:4: : *b names no anchor that is complete before it", Error("a: *b"));
        Assert.Contains("*a names no anchor", Error("a: &a [*a]"), StringComparison.Ordinal);
    }

    [Fact]
    public void Duplicate_keys_are_errors_at_the_second()
    {
        Assert.Equal("3:3: a.b: duplicate key \"b\": remove one of them", Error("a:\n  b: 1\n  'b': 2\n"));
        Assert.Equal("1:11: a: duplicate key \"a\": remove one of them", Error("{\"a\": 1,  \"a\": 2}"));
    }

    [Fact]
    public void A_syntax_error_has_its_place_and_keeps_what_stood_before()
    {
        var file = YamlDocuments.Read("a: 1\n---\nb: [1,\nc: 2\n");
        Assert.Single(file.Documents);
        var error = Assert.Single(file.Errors);
        Assert.InRange(error.Mark.Line, 3, 5);
        Assert.DoesNotContain("Line:", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(YamlDocuments.Read("a: 'b").Errors);
        Assert.NotEmpty(YamlDocuments.Read("a:\n\t- b").Errors);
    }

    [Fact]
    public void Every_value_keeps_its_place()
    {
        var document = YamlDocuments.Read("# c\na:\n  - x: {y: 1, z.z/q: [1, 2]}\n  - 2\nb: |\n  t\nc: 1\n").Documents[0];
        Assert.Equal(new YamlMark(2, 1), document.Find(""));
        Assert.Equal(new YamlMark(2, 1), document.Find("a"));
        Assert.Equal(new YamlMark(3, 5), document.Find("a[0].x"));
        Assert.Equal(new YamlMark(3, 15), document.Find("a[0].x[z.z/q]"));
        Assert.Equal(new YamlMark(3, 26), document.Find("a[0].x[z.z/q][1]"));
        Assert.Equal(new YamlMark(4, 5), document.Find("a[1]"));
        Assert.Equal(new YamlMark(7, 1), document.Find("c.not.there"));
        Assert.Equal(new YamlMark(2, 1), document.Find("a[7].x"));
    }
}
