using Sluice.Api.Manifests;
using Sluice.Api.Validation;
using Sluice.Injection;

namespace Sluice.Webhook;

/// <summary>A directory of manifests: any number of files, documents and subdirectories, links followed.</summary>
internal sealed class CatalogDirectory(string path)
{
    private const long MaxFile = 256 * 1024 * 1024; // bytes; arbitrary, far above 100,000 Datasets

    public string Path { get; } = path;

    /// <summary>
    /// Names, sizes and times of all manifests as one number. Equal numbers mean that nothing changed, as far as the file system
    /// tells; what cannot be read counts as it is, and <see cref="Read"/> says why.
    /// </summary>
    public int Fingerprint()
    {
        var hash = new HashCode();
        try
        {
            foreach (var file in ManifestDirectory.Files(Path))
            {
                var info = new FileInfo(file);
                var target = info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
                hash.Add(file, StringComparer.Ordinal);
                hash.Add(target.FullName, StringComparer.Ordinal);
                hash.Add(target.LastWriteTimeUtc);
                hash.Add(target is FileInfo { Exists: true } real ? real.Length : -1);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            hash.Add(e.Message, StringComparer.Ordinal);
        }
        return hash.ToHashCode();
    }

    /// <summary>Reads and checks every file. There is a catalog only when there is no error.</summary>
    public CatalogReading Read()
    {
        var manifests = new CatalogManifests();
        var errors = new List<string>();
        var count = 0;
        try
        {
            foreach (var file in ManifestDirectory.Files(Path))
            {
                count++;
                ReadFile(file, manifests, errors);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{Path}: {e.Message}");
        }
        errors.AddRange(manifests.Judge().Errors.Select(error => error.ToString()));
        return errors.Count == 0
            ? new CatalogReading(Injection.Catalog.Of(manifests.Resources), [], count, manifests.Skipped)
            : new CatalogReading(null, errors, count, manifests.Skipped);
    }

    private static void ReadFile(string file, CatalogManifests manifests, List<string> errors)
    {
        try
        {
            if (new FileInfo(file).Length > MaxFile)
            {
                errors.Add($"{file}: larger than {MaxFile / 1024 / 1024} MiB");
                return;
            }
            using var text = new StreamReader(file);
            manifests.Read(file, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{file}: {e.Message}");
        }
    }
}

/// <summary>What a directory says.</summary>
/// <param name="Catalog">Null when there is an error.</param>
/// <param name="Errors">Each <c>file:line: path: message</c>.</param>
/// <param name="FileCount">How many files were read.</param>
/// <param name="Skipped">How many objects of other kinds were passed over, by <c>apps/v1 Deployment</c>.</param>
internal sealed record CatalogReading(Catalog? Catalog, IReadOnlyList<string> Errors, int FileCount, IReadOnlyDictionary<string, int> Skipped);
