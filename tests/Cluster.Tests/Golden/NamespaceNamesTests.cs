using System.Text.Json.Nodes;
using Sluice.Testing.Golden;

namespace Sluice.Cluster.Tests.Golden;

public sealed class NamespaceNamesTests
{
    private static readonly NamespaceNames Names = new(new Dictionary<string, string>(StringComparer.Ordinal) { ["vision"] = "vision-1f", ["opted"] = "opted-1f" });

    [Theory]
    [InlineData("vision/imagenet", "vision-1f/imagenet")]
    [InlineData("corpus, vision/open=/open", "corpus, vision-1f/open=/open")]
    [InlineData("""{"datasets":[{"namespace":"vision","name":"vision"}]}""", """{"datasets":[{"namespace":"vision-1f","name":"vision"}]}""")]
    [InlineData("s3://vision/train", "s3://vision/train")]
    [InlineData("--name=vision", "--name=vision")]
    [InlineData("television/x", "television/x")]
    [InlineData("/vision/x", "/vision/x")]
    [InlineData("vision", "vision")]
    public void A_word_is_replaced_where_it_means_the_namespace(string text, string expected)
    {
        var item = new JsonObject { ["metadata"] = new JsonObject(), ["list"] = new JsonArray(text, new JsonObject { ["below"] = text }) };
        Names.Replace(item);
        Assert.Equal(expected, item["list"]![0]!.GetValue<string>());
        Assert.Equal(expected, item["list"]![1]!["below"]!.GetValue<string>());
    }

    [Fact]
    public void An_object_goes_into_the_namespace_of_the_test()
    {
        var item = Json.Parse("""{"kind":"Namespace","metadata":{"name":"opted","labels":{"kubernetes.io/metadata.name":"opted","team":"opted"}}}""");
        Names.Replace(item);
        Assert.Equal("""{"kind":"Namespace","metadata":{"name":"opted-1f","labels":{"kubernetes.io/metadata.name":"opted-1f","team":"opted"}}}""", item.ToJsonString());
        var dataset = Json.Parse("""{"kind":"Dataset","metadata":{"name":"opted","namespace":"vision"}}""");
        Names.Replace(dataset);
        Assert.Equal("""{"kind":"Dataset","metadata":{"name":"opted","namespace":"vision-1f"}}""", dataset.ToJsonString());
    }

    /// <summary>The webhook says nothing of a namespace that would not be replaced: a pod of the one and a pod of the other differ in nothing else.</summary>
    [Theory]
    [MemberData(nameof(AdmissionChainTests.Cases), MemberType = typeof(AdmissionChainTests))]
    public void The_answer_for_another_namespace_is_the_golden_one_with_its_name(string name)
    {
        var test = GoldenCase.Read(name);
        var expected = Json.Object(GoldenExpectation.ExpectedPod(test)!.Value);
        Names.Replace(expected);
        var words = expected.ToJsonString();
        Assert.DoesNotContain("vision/", words, StringComparison.Ordinal);
        Assert.DoesNotContain("\\u0022vision\\u0022", words, StringComparison.Ordinal);
        Assert.Contains("vision-1f/", words, StringComparison.Ordinal);
    }
}
