namespace Sluice.Testing.Golden;

/// <summary>The tree of golden files.</summary>
public static class GoldenFiles
{
    public const string SharedCatalog = "catalog";
    private static readonly HashSet<string> Known =
    [
        GoldenCase.PodFile, GoldenCase.CaseFile, GoldenCase.CatalogFile, GoldenCase.UnvalidatedFile,
        GoldenExpectation.ExpectedFile, GoldenExpectation.UnchangedFile, GoldenExpectation.DenialFile, GoldenExpectation.WarningsFile,
    ];

    public static string Root { get; } = Repository.PathOf("tests", "Golden");

    /// <summary>Names of all cases, <c>GROUP/CASE</c>, in order.</summary>
    public static IReadOnlyList<string> Cases { get; } =
    [
        .. Directory.EnumerateFiles(Root, GoldenCase.PodFile, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, Path.GetDirectoryName(file)!).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Files of which no test takes notice, and cases that no expectation goes with: a sentence each.</summary>
    public static IReadOnlyList<string> Disorder()
    {
        var wrong = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories))
        {
            var parts = Path.GetRelativePath(Root, file).Split(Path.DirectorySeparatorChar);
            var used = parts.Length == 2
                ? parts[0] == SharedCatalog && parts[1].EndsWith(".yaml", StringComparison.Ordinal)
                : parts.Length == 3 && Known.Contains(parts[2]) && File.Exists(Path.Combine(Path.GetDirectoryName(file)!, GoldenCase.PodFile));
            if (!used)
                wrong.Add($"{string.Join('/', parts)} is used by no test");
        }
        foreach (var name in Cases)
        {
            var test = GoldenCase.Read(name);
            var expectations = GoldenExpectation.Alternatives.Count(file => File.Exists(test.PathOf(file)));
            if (expectations != 1)
                wrong.Add($"{name} has {expectations} expectations: write one of {string.Join(", ", GoldenExpectation.Alternatives)}, or run make golden");
            if (!File.ReadAllText(test.PathOf(GoldenCase.PodFile)).StartsWith("# expects: ", StringComparison.Ordinal))
                wrong.Add($"{name} does not say in its first line what it expects");
        }
        return wrong;
    }
}
