using System.Diagnostics;

namespace Sluice.Cli.Tests;

/// <summary>The program as a shell sees it.</summary>
public sealed class ProgramTests(Samples samples) : IClassFixture<Samples>
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "sluice");

    [Fact]
    public async Task Standard_input_becomes_standard_output_without_colours()
    {
        var run = await RunAsync(Program, Samples.Pod, "inject", "-f", "-", "--catalog", samples.CatalogPath, "-o", "diff");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.StartsWith("--- pod vision/train\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exit_codes_reach_the_shell()
    {
        var denied = Samples.Pod.Replace("dataset: imagenet", "dataset: missing", StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync(Program, denied, "inject", "-f", "-", "--catalog", samples.CatalogPath)).Code);
        Assert.Equal(1, (await RunAsync(Program, "", "injct")).Code);
    }

    [Theory]
    [InlineData("sluice in", "inject")]
    [InlineData("sluice inject -o d", "diff")]
    [InlineData("sluice inject --cat", "--catalog")]
    [InlineData("sluice inject --catalog ", "")]
    [InlineData("sluice inject -f pod.yaml --c", "--catalog")]
    public async Task Bash_completes_what_the_program_suggests(string line, string expected)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "needs /bin/bash");
        const string Script = """
            PATH="$1:$PATH"
            source <(sluice completion bash)
            COMP_LINE="$2" COMP_POINT="${#2}"
            read -ra COMP_WORDS <<<"$2"
            [[ $2 != *" " ]] || COMP_WORDS+=("")
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            _sluice
            echo "${COMPREPLY[*]}"
            """;
        var run = await RunAsync("/bin/bash", "", "-c", Script, "bash", AppContext.BaseDirectory, line);
        Assert.Equal(expected + "\n", run.Out);
    }

    private static async Task<CommandRun> RunAsync(string program, string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var token = TestContext.Current.CancellationToken;
        var output = process.StandardOutput.ReadToEndAsync(token);
        var error = process.StandardError.ReadToEndAsync(token);
        await process.StandardInput.WriteAsync(input.AsMemory(), token);
        process.StandardInput.Close();
        await process.WaitForExitAsync(token);
        return new CommandRun(process.ExitCode, await output, await error);
    }
}
