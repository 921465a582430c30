using Sluice.Api.Manifests;

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

    private static List<string> ManifestsIn(string directory)
    {
        List<string> files;
        try
        {
            files = ManifestDirectory.Files(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnusableInputException($"{directory}: {e.Message}");
        }
        if (files.Count == 0)
            throw new UnusableInputException($"{directory}: no manifests (*.yaml, *.yml, *.json) in this directory");
        return files;
    }
}

/// <summary>A text and where it came from.</summary>
/// <param name="Name">As messages name it.</param>
/// <param name="Text">All of it.</param>
internal sealed record InputFile(string Name, string Text);
