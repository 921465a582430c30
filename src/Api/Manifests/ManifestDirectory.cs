namespace Sluice.Api.Manifests;

/// <summary>A directory of manifests, as the webhook's catalog and the command line read it.</summary>
public static class ManifestDirectory
{
    private const int MaxDepth = 32; // arbitrary; links may go in circles

    /// <summary>
    /// All <c>*.yaml</c>, <c>*.yml</c> and <c>*.json</c> below <paramref name="directory"/>, links followed, in ordinal order.
    /// Names that begin with a dot are skipped: editors' swap files, and the <c>..data</c> behind the links of a mounted
    /// ConfigMap, which would give every file twice.
    /// </summary>
    /// <exception cref="IOException">It cannot be read, or is more than 32 directories deep.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static List<string> Files(string directory)
    {
        var files = new List<string>();
        Collect(directory, files, depth: 0);
        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private static void Collect(string directory, List<string> files, int depth)
    {
        if (depth > MaxDepth)
            throw new IOException($"{directory}: more than {MaxDepth} directories deep");
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
