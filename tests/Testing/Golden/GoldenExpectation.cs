using System.Text.Json;
using DiffPlex.Renderer;
using Sluice.Api.Manifests;

namespace Sluice.Testing.Golden;

/// <summary>Holds an answer against the files of its case, or writes them anew.</summary>
public static class GoldenExpectation
{
    public const string ExpectedFile = "expected.yaml";
    public const string UnchangedFile = "unchanged.txt";
    public const string DenialFile = "denial.txt";
    public const string WarningsFile = "warnings.txt";
    private const string Unchanged = "The pod stays as it is.\n";

    public static IReadOnlyList<string> Alternatives { get; } = [ExpectedFile, UnchangedFile, DenialFile];

    /// <summary>Set by <c>make golden</c>: the core's answers become the expectation.</summary>
    public static bool Updates { get; } = Environment.GetEnvironmentVariable("SLUICE_UPDATE_GOLDEN") == "1";

    public static void Write(GoldenCase test, GoldenAnswer answer)
    {
        foreach (var (file, text) in Files(answer))
        {
            if (text is null)
                File.Delete(test.PathOf(file));
            else if (Read(test, file) != text)
                File.WriteAllText(test.PathOf(file), text);
        }
    }

    /// <summary>A readable difference, or null when the answer is the expected one.</summary>
    public static string? Difference(GoldenCase test, GoldenAnswer answer)
    {
        var differences = new List<string>();
        foreach (var (file, text) in Files(answer))
        {
            var expected = Read(test, file);
            if (expected != text)
                differences.Add(UnidiffRenderer.GenerateUnidiff(expected ?? "", text ?? "", $"expected {test.Name}/{file}", "actual", contextLines: 3));
        }
        return differences.Count == 0 ? null : string.Join('\n', differences);
    }

    private static IEnumerable<(string File, string? Text)> Files(GoldenAnswer answer) =>
    [
        (ExpectedFile, answer.Pod is { } pod ? YamlWriter.Write(pod) : null),
        (UnchangedFile, answer is { Pod: null, Denial: null } ? Unchanged : null),
        (DenialFile, answer.Denial is { } denial ? denial + "\n" : null),
        (WarningsFile, answer.Warnings.Count > 0 ? string.Join('\n', answer.Warnings) + "\n" : null),
    ];

    private static string? Read(GoldenCase test, string file) =>
        File.Exists(test.PathOf(file)) ? File.ReadAllText(test.PathOf(file)) : null;

    /// <summary>The expected pod; null where none is written.</summary>
    public static JsonElement? ExpectedPod(GoldenCase test) =>
        Read(test, ExpectedFile) is { } text ? JsonElement.Parse(YamlDocuments.Read(text).Documents[0].Json.Span) : null;
}
