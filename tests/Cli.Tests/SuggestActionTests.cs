namespace Sluice.Cli.Tests;

public sealed class SuggestActionTests
{
    /// <summary>What is suggested at the end of <paramref name="line"/>, in one line.</summary>
    private static async Task<string> SuggestedAsync(string line)
    {
        var run = await CommandRun.OfAsync($"[suggest:{line.Length}]", line);
        Assert.Equal((0, ""), (run.Code, run.Error));
        return run.Out.TrimEnd('\n').Replace('\n', ' ');
    }

    [Theory]
    [InlineData("sluice ", "--help --version -h admit check completion explain inject validate version")]
    [InlineData("sluice in", "inject")]
    [InlineData("sluice inject -o ", "diff json patch yaml")]
    [InlineData("sluice inject -o=diff --names", "--namespace")]
    [InlineData("sluice completion z", "zsh")]
    [InlineData("sluice admit --insecure --web", "--webhook")]
    [InlineData("sluice check --", "--context --help --kubeconfig --namespace --output --timeout")]
    [InlineData("sluice check -o ", "json text")]
    public async Task Commands_options_and_words_are_suggested(string line, string expected) => Assert.Equal(expected, await SuggestedAsync(line));

    [Theory]
    [InlineData("sluice inject -f pod.yaml --c", "--catalog")]
    [InlineData("sluice inject -f pod.yaml -f other.yaml --c", "--catalog")]
    [InlineData("sluice inject -f pod.yaml -o ", "diff json patch yaml")]
    [InlineData("sluice admit -f a --webhook https://localhost:8443 --ins", "--insecure")]
    [InlineData("sluice validate -f a b --he", "--help")]
    public async Task Options_are_suggested_behind_files_too(string line, string expected) => Assert.Equal(expected, await SuggestedAsync(line));

    [Theory]
    [InlineData("sluice inject -f ")]
    [InlineData("sluice inject -f po")]
    [InlineData("sluice inject --catalog ")]
    [InlineData("sluice validate -f a ")]
    [InlineData("sluice validate -f a b")]
    [InlineData("sluice check --kubeconfig ")]
    public async Task Where_a_file_may_stand_nothing_is_suggested(string line) => Assert.Equal("", await SuggestedAsync(line));

    [Theory]
    [InlineData("sluice inject -f pod.yaml -n \"a b\" --catalog 'c d' -o diff")]
    [InlineData("sluice admit --webhook=https://localhost:8443 --ca=ca.crt -f x")]
    [InlineData("sluice \u00e9 -- \"")]
    public async Task Every_place_of_a_line_can_be_asked_about(string line)
    {
        for (var i = 0; i <= line.Length; i++)
        {
            await SuggestedAsync(line[..i]);
            Assert.Equal(0, (await CommandRun.OfAsync($"[suggest:{i}]", line)).Code);
        }
    }

    [Theory]
    [InlineData("[suggest]")]
    [InlineData("[suggest:x]")]
    [InlineData("[suggest:-1]")]
    [InlineData("[suggest:100]")]
    public async Task A_position_that_is_none_means_the_end(string directive)
    {
        var run = await CommandRun.OfAsync(directive, "sluice in");
        Assert.Equal((0, "inject\n", ""), (run.Code, run.Out, run.Error));
    }
}
