using System.Text.Json;
using Sluice.Testing.Golden;

namespace Sluice.Cli.Tests;

/// <summary>Every golden case once more, through <c>sluice inject</c>: files and a directory in, the pod or the denial out.</summary>
public sealed class GoldenTests(GoldenDirectory catalog) : IClassFixture<GoldenDirectory>
{
    /// <summary>The command line knows creations only, by nobody in particular.</summary>
    public static TheoryData<string> Cases { get; } = [.. GoldenFiles.Cases.Where(name => GoldenCase.Read(name) is { IsPlainCreation: true, HasValidCatalog: true })];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_command_line_answers_as_expected(string name)
    {
        var test = GoldenCase.Read(name);
        var run = await CommandRun.OfAsync("inject", "-f", test.PathOf(GoldenCase.PodFile), "--catalog", catalog.Path, "-n", test.Namespace, "-o", "json");

        Assert.Null(GoldenExpectation.Difference(test, Answer(test, run)));
    }

    private static GoldenAnswer Answer(GoldenCase test, CommandRun run)
    {
        var warnings = Sentences(run, "Warning: ");
        if (run.Code == ExitCode.Refused)
        {
            var expected = File.Exists(test.PathOf(GoldenExpectation.DenialFile)) ? File.ReadAllText(test.PathOf(GoldenExpectation.DenialFile)) : "";
            return new GoldenAnswer($"{expected.Split(' ')[0]} {Assert.Single(Sentences(run, "Error: "))}", null, warnings); // the status code is not shown
        }
        Assert.Equal(ExitCode.Done, run.Code);
        var pod = JsonElement.Parse(run.Out);
        return new GoldenAnswer(null, JsonElement.DeepEquals(pod, test.Pod) ? null : pod, warnings);
    }

    /// <summary>What standard error says behind <c>KIND: pod NAMESPACE/NAME: </c>.</summary>
    private static List<string> Sentences(CommandRun run, string kind) =>
    [
        .. run.Error.Split('\n').Where(line => line.StartsWith(kind, StringComparison.Ordinal))
            .Select(line => line[kind.Length..]).Select(line => line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..]),
    ];
}

/// <summary>The catalog of all cases as a directory.</summary>
public sealed class GoldenDirectory : IDisposable
{
    public GoldenDirectory() => GoldenCatalog.CopyTo(Path);

    public string Path { get; } = Directory.CreateTempSubdirectory("sluice-golden-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
