using Sluice.Api;
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
            foreach (var file in Files())
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
        var objects = new Objects();
        var errors = new List<string>();
        var count = 0;
        try
        {
            foreach (var file in Files())
            {
                count++;
                ReadFile(file, objects, errors);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{Path}: {e.Message}");
        }
        return errors.Count == 0
            ? new CatalogReading(objects.ToCatalog(), [], count)
            : new CatalogReading(null, errors, count);
    }

    private static void ReadFile(string file, Objects objects, List<string> errors)
    {
        string text;
        try
        {
            if (new FileInfo(file).Length > MaxFile)
            {
                errors.Add($"{file}: larger than {MaxFile / 1024 / 1024} MiB");
                return;
            }
            text = File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{file}: {e.Message}");
            return;
        }
        var manifest = ManifestReader.Read(file, text, OtherKinds.Skip);
        errors.AddRange(manifest.Errors.Select(error => error.ToString()));
        foreach (var read in manifest.Objects)
        {
            errors.AddRange(ManifestValidation.Check(read).Select(error => error.ToString()));
            objects.Add(read.Resource);
        }
    }

    /// <summary>
    /// All manifests in ordinal order. Names that begin with a dot are skipped: editors' swap files, and the
    /// <c>..data</c> behind the links of a mounted ConfigMap, which would give every file twice.
    /// </summary>
    private List<string> Files()
    {
        var files = new List<string>();
        Collect(Path, files, depth: 0);
        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private static void Collect(string directory, List<string> files, int depth)
    {
        if (depth > 32) // arbitrary; links may go in circles
            throw new IOException($"{directory}: more than 32 directories deep");
        foreach (var entry in Directory.EnumerateFileSystemEntries(directory))
        {
            if (System.IO.Path.GetFileName(entry.AsSpan()).StartsWith('.'))
                continue;
            if (Directory.Exists(entry))
                Collect(entry, files, depth + 1);
            else if (System.IO.Path.GetExtension(entry) is ".yaml" or ".yml" or ".json")
                files.Add(entry);
        }
    }

    private sealed class Objects
    {
        private readonly List<Dataset> _datasets = [];
        private readonly List<Runtime> _runtimes = [];
        private readonly List<RuntimeProfile> _profiles = [];
        private readonly List<TenantPolicy> _policies = [];
        private readonly List<Namespace> _namespaces = [];

        public void Add(object resource)
        {
            switch (resource)
            {
                case Dataset dataset: _datasets.Add(dataset); break;
                case Runtime runtime: _runtimes.Add(runtime); break;
                case RuntimeProfile profile: _profiles.Add(profile); break;
                case TenantPolicy policy: _policies.Add(policy); break;
                case Namespace ns: _namespaces.Add(ns); break;
                case DataLoad: break; // checked with the others, but no decision about a pod needs it
            }
        }

        public Catalog ToCatalog() => new(_datasets, _runtimes, _profiles, _policies, _namespaces);
    }
}

/// <summary>What a directory says.</summary>
/// <param name="Catalog">Null when there is an error.</param>
/// <param name="Errors">Each <c>file:line: path: message</c>.</param>
/// <param name="FileCount">How many files were read.</param>
internal sealed record CatalogReading(Catalog? Catalog, IReadOnlyList<string> Errors, int FileCount);
