using System.Buffers;

namespace Sluice.Api.Tests;

public sealed class TemplateTests
{
    private sealed class Values : ITemplateValues
    {
        public bool TryGet(string name, out string? value)
        {
            value = name == "a" ? "1${b}" : null;
            return name is "a" or "unset";
        }
    }

    [Theory]
    [InlineData("", TemplateOutcome.Rendered, "")]
    [InlineData("x$y$", TemplateOutcome.Rendered, "x$y$")]
    [InlineData("--f=${a}.", TemplateOutcome.Rendered, "--f=1${b}.")]
    [InlineData("$${a}", TemplateOutcome.Rendered, "${a}")]
    [InlineData("${unset:-d:-e}", TemplateOutcome.Rendered, "d:-e")]
    [InlineData("${unset:-}", TemplateOutcome.Rendered, "")]
    [InlineData("${a:-d}", TemplateOutcome.Rendered, "1${b}")]
    [InlineData("x${unset}", TemplateOutcome.Unset, "unset")]
    [InlineData("x${other:-d}", TemplateOutcome.Unknown, "other")]
    public void Values_are_put_in_once_and_never_read_again(string text, TemplateOutcome outcome, string expected)
    {
        Assert.True(Template.TryParse(text, out var template, out _));
        var output = new ArrayBufferWriter<char>();
        Assert.Equal(outcome, template.Render(new Values(), output, out var placeholder));
        Assert.Equal(expected, outcome == TemplateOutcome.Rendered ? output.WrittenSpan.ToString() : placeholder);
    }

    [Theory]
    [InlineData("${a", "is never closed")]
    [InlineData("${}", "is not a placeholder")]
    [InlineData("${a b}", "is not a placeholder")]
    [InlineData("${a$(x)}", "is not a placeholder")]
    [InlineData("${a:-x${b}:1}", "holds a placeholder in its default")]
    public void What_cannot_be_read_says_why(string text, string expected)
    {
        Assert.False(Template.TryParse(text, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
