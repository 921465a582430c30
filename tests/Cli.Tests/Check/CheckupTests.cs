using System.Text.RegularExpressions;
using Sluice.Cli.Check;
using Sluice.Testing;

namespace Sluice.Cli.Tests.Check;

public sealed partial class CheckupTests
{
    [Fact]
    public void Of_what_was_not_read_every_check_says_so_in_the_words_of_the_refusal() =>
        Assert.All(Checkup.Run(States.Unseen), r => Assert.Equal((Verdict.Unseen, $"could not look: {States.NotRead}"), (r.Result.Verdict, r.Result.Summary)));

    [Fact]
    public void The_documentation_lists_the_checks_in_their_order()
    {
        var section = File.ReadAllText(Repository.PathOf("docs", "troubleshooting.md")).Split("\n## sluice check\n")[1].Split("| option |")[0];
        Assert.Equal(Checkup.Run(States.Unseen).Select(r => r.Name), Rows().Matches(section).Select(m => m.Groups["name"].Value), StringComparer.Ordinal);
    }

    [GeneratedRegex("^\\| `(?<name>[a-z-]+)` \\|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rows();
}
