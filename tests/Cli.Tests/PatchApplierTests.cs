using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Cli.Tests;

/// <summary>Cases from RFC 6902, appendix A, and from what our patches do.</summary>
public sealed class PatchApplierTests
{
    [Theory]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("""{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc","def"]}]""", """{"foo":["bar",["abc","def"]]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""", """{"foo":"bar"}""")]
    [InlineData("""{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"replace","path":"/baz","value":"boo"}]""", """{"baz":"boo","foo":"bar"}""")]
    [InlineData("""{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}""", """[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]""", """{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}""")]
    [InlineData("""{"foo":["all","grass","cows","eat"]}""", """[{"op":"move","from":"/foo/1","path":"/foo/3"}]""", """{"foo":["all","cows","eat","grass"]}""")]
    [InlineData("""{"a":{"b":1}}""", """[{"op":"copy","from":"/a","path":"/c"},{"op":"replace","path":"/c/b","value":2}]""", """{"a":{"b":1},"c":{"b":2}}""")]
    [InlineData("""{"a":1}""", """[{"op":"test","path":"/a","value":1}]""", """{"a":1}""")]
    [InlineData("""{"~1":10}""", """[{"op":"replace","path":"/~01","value":11}]""", """{"~1":11}""")]
    [InlineData("""{"labels":{}}""", """[{"op":"add","path":"/labels/sluice.io~1injected","value":"true"}]""", """{"labels":{"sluice.io/injected":"true"}}""")]
    [InlineData("""{"foo":null}""", """[{"op":"add","path":"/foo","value":null}]""", """{"foo":null}""")]
    [InlineData("""{"":1}""", """[{"op":"remove","path":"/"}]""", """{}""")]
    public void An_operation_does_what_the_RFC_says(string document, string patch, string expected) => Assert.Equal(expected, Apply(document, patch));

    [Theory]
    [InlineData("""{}""", """[{"op":"remove","path":"/a"}]""", "the document has no /a")]
    [InlineData("""{}""", """[{"op":"replace","path":"/a","value":1}]""", "the document has no /a")]
    [InlineData("""{}""", """[{"op":"add","path":"/a/b","value":1}]""", "the document has no /a")]
    [InlineData("""{"a":"text"}""", """[{"op":"add","path":"/a/b","value":1}]""", "the document has no /a")]
    [InlineData("""{"a":[]}""", """[{"op":"add","path":"/a/1","value":1}]""", "the document has no /a/1")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"remove","path":"/a/01"}]""", "the document has no /a/01")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"remove","path":"/a/-"}]""", "the document has no /a/-")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"remove","path":"/a/-1"}]""", "the document has no /a/-1")]
    [InlineData("""{"a":1}""", """[{"op":"test","path":"/a","value":2}]""", "the value at /a is not the one that the patch tests for")]
    [InlineData("""{"a":1}""", """[{"op":"merge","path":"/a","value":2}]""", "\"merge\" at /a is no operation of RFC 6902")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b"}]""", "the operation at /b has no \"value\"")]
    [InlineData("""{"a":1}""", """[{"path":"/b"}]""", "an operation of the patch has no \"op\"")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"b","value":1}]""", "\"b\" is no JSON pointer: it does not begin with a slash")]
    [InlineData("""{"a":1}""", """[{"op":"replace","path":"","value":{}}]""", "the patch replaces the whole document")]
    public void What_does_not_fit_is_told(string document, string patch, string message) =>
        Assert.Equal(message, Assert.Throws<PatchException>(() => Apply(document, patch)).Message);

    [Fact]
    public void Numbers_keep_their_digits_and_members_their_place() =>
        Assert.Equal(
            """{"a":1.50,"b":[12345678901234567890123],"c":1e3,"d":0.10}""",
            Apply("""{"a":1.50,"b":[],"c":1e3}""", """[{"op":"add","path":"/b/-","value":12345678901234567890123},{"op":"add","path":"/d","value":0.10}]"""));

    private static string Apply(string document, string patch)
    {
        var node = (JsonObject)JsonNodes.Parse(Encoding.UTF8.GetBytes(document))!;
        PatchApplier.Apply(node, JsonElement.Parse(patch));
        return Encoding.UTF8.GetString(JsonNodes.ToBytes(node).Span);
    }
}
