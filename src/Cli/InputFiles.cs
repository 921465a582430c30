namespace Sluice.Cli;

/// <summary>The manifests that a command line names: files, directories, and <c>-</c> for standard input.</summary>
internal static class InputFiles
{
    private const string StandardInput = "-";
    private const string StandardInputName = "stdin";

    /// <summary>The paths as messages name them.</summary>
    public static string Describe(IEnumerable<string> paths) => string.Join(", ", paths.Select(path => path == StandardInput ? StandardInputName : path));

    /// <summary>Reads them in the order given; of a directory, its manifests in ordinal order.</summary>
    /// <exception cref="UnusableInputException">One is missing or unreadable, or a directory has no manifests.</exception>
    public static IEnumerable<InputFile> Read(IEnumerable<string> paths, TextReader standardInput)
    {
        foreach (var path in paths)
        {
            if (path == StandardInput)
                yield return ReadStandardInput(standardInput);
            else if (Directory.Exists(path))
                foreach (var file in ManifestsIn(path))
                    yield return ReadFile(file);
            else
                yield return ReadFile(path);
        }
    }

    private static InputFile ReadStandardInput(TextReader standardInput)
    {
        var text = standardInput.ReadToEnd();
        return string.IsNullOrWhiteSpace(text)
            ? throw new UnusableInputException("standard input is empty: give it a manifest, or name a file with -f")
            : new InputFile(StandardInputName, text);
    }

    private static InputFile ReadFile(string path)
    {
        try
        {
            return new InputFile(path, File.ReadAllText(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UnusableInputException($"{path}: no such file or directory");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnusableInputException($"{path}: {e.Message}");
        }
    }

    /// <summary>
    /// What <c>*.yaml</c>, <c>*.yml</c> and <c>*.json</c> there is, at any depth. Names that begin with a dot are skipped, as
    /// the webhook does: editors' swap files, and the <c>..data</c> of a mounted ConfigMap.
    /// </summary>
    private static List<string> ManifestsIn(string directory)
    {
        var files = new List<string>();
        try
        {
            Collect(directory, files, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnusableInputException($"{directory}: {e.Message}");
        }
        if (files.Count == 0)
            throw new UnusableInputException($"{directory}: no manifests (*.yaml, *.yml, *.json) in this directory");
        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private static void Collect(string directory, List<string> files, int depth)
    {
        if (depth > 32) // arbitrary; links may go in circles
            throw new IOException("more than 32 directories deep");
        foreach (var entry in Directory.EnumerateFileSystemEntries(directory))
        {
            if (Path.GetFileName(entry.AsSpan()).StartsWith('.'))
                continue;
            if (Directory.Exists(entry))
                Collect(entry, files, depth + 1);
            else if (Path.GetExtension(entry) is ".yaml" or ".yml" or ".json")
                files.Add(entry);
        }
    }
}

/// <summary>A text and where it came from.</summary>
/// <param name="Name">As messages name it.</param>
/// <param name="Text">All of it.</param>
internal sealed record InputFile(string Name, string Text);
