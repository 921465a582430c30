namespace Sluice.Api.Tests;

public sealed class LabelSelectorTests
{
    private static readonly Dictionary<string, string> Labels = new(StringComparer.Ordinal) { ["team"] = "vision", ["empty"] = "" };

    [Theory]
    [InlineData("team", "In", "nlp,vision", true)]
    [InlineData("team", "In", "nlp", false)]
    [InlineData("other", "In", "x", false)]
    [InlineData("team", "NotIn", "nlp", true)]
    [InlineData("team", "NotIn", "vision", false)]
    [InlineData("other", "NotIn", "x", true)]
    [InlineData("empty", "Exists", null, true)]
    [InlineData("other", "Exists", null, false)]
    [InlineData("other", "DoesNotExist", null, true)]
    [InlineData("empty", "DoesNotExist", null, false)]
    [InlineData("team", "Is", "vision", false)]
    public void Expressions_mean_what_kubernetes_says(string key, string op, string? values, bool expected)
    {
        var selector = new LabelSelector { MatchExpressions = { new LabelSelectorRequirement { Key = key, Operator = op, Values = values is null ? [] : [.. values.Split(',')] } } };
        Assert.Equal(expected, selector.Matches(Labels));
    }

    [Fact]
    public void All_labels_and_expressions_must_hold_and_none_matches_everything()
    {
        Assert.True(new LabelSelector().Matches(Labels));
        Assert.True(new LabelSelector { MatchLabels = { ["team"] = "vision", ["empty"] = "" } }.Matches(Labels));
        Assert.False(new LabelSelector { MatchLabels = { ["team"] = "vision", ["other"] = "" } }.Matches(Labels));
        Assert.False(new LabelSelector { MatchLabels = { ["team"] = "vision" }, MatchExpressions = { new LabelSelectorRequirement { Key = "x", Operator = "Exists" } } }.Matches(Labels));
    }
}
