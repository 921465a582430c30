using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class CheckTextTests
{
    [Fact]
    public void Of_many_findings_the_first_ones_are_told_and_the_others_counted()
    {
        var findings = Enumerable.Range(1, 12).Select(i => Finding.Wrong($"Node n{i}", "has no mounter", "kubectl get nodes")).ToList();
        var lines = Text(100, new NamedResult("mounters", CheckResult.Of("on 0 of 12 nodes", findings))).Split('\n');
        Assert.Equal("    wrong    Node n10", lines[^5]);
        Assert.Equal("    and 2 more: -o json tells them all", lines[^2]);
    }

    [Fact]
    public void Sentences_are_wrapped_and_commands_are_not() => Assert.Equal(
        """
        wrong    a  one two three four five
                    six
            wrong    seven eight nine ten
                     eleven
            cause    twelve thirteen
                     fourteen
            next     kubectl --a-command that --is-longer than --the-terminal
        ok       b  well

        """,
        Text(
            35,
            new NamedResult("a", CheckResult.Of("one two three four five six", Finding.Wrong("seven eight nine ten eleven", "twelve thirteen fourteen", "kubectl --a-command that --is-longer than --the-terminal"))),
            new NamedResult("b", CheckResult.Of("well"))));

    private static string Text(int width, params NamedResult[] results) =>
        new CheckText(new Terminal(TextReader.Null, TextWriter.Null, TextWriter.Null) { Width = width }).Of(results);
}
