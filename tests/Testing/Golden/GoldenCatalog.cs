using Sluice.Api;
using Sluice.Api.Manifests;
using Sluice.Injection;

namespace Sluice.Testing.Golden;

/// <summary>
/// The one catalog of all cases: the shared files and every case's own. Cases that need policies bring a namespace of
/// their own for them, so that one server can answer all; no object may be defined twice.
/// </summary>
public static class GoldenCatalog
{
    private static readonly Lazy<IReadOnlyList<ManifestObject>> All = new(ReadAll);
    private static readonly Lazy<Catalog> Snapshot = new(() => Build(All.Value.Select(o => o.Resource)));

    public static IReadOnlyList<ManifestObject> Objects => All.Value;
    public static Catalog Catalog => Snapshot.Value;

    /// <summary>A catalog of these resources, in this order.</summary>
    public static Catalog Build(IEnumerable<object> resources)
    {
        var all = resources.ToList();
        return Catalog.Of(all);
    }

    /// <summary>Copies the valid files into <paramref name="directory"/>, for programs that are given a directory.</summary>
    public static void CopyTo(string directory)
    {
        foreach (var file in Files(GoldenCase.CatalogFile))
            File.Copy(file, Path.Combine(directory, Path.GetRelativePath(GoldenFiles.Root, file).Replace(Path.DirectorySeparatorChar, '.')));
    }

    private static IEnumerable<string> Files(params string[] ofCases) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(GoldenFiles.Root, GoldenFiles.SharedCatalog), "*.yaml").Order(StringComparer.Ordinal),
        .. GoldenFiles.Cases.Select(GoldenCase.Read).SelectMany(test => ofCases.Select(test.PathOf)).Where(File.Exists),
    ];

    private static List<ManifestObject> ReadAll()
    {
        var objects = new List<ManifestObject>();
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Files(GoldenCase.CatalogFile, GoldenCase.UnvalidatedFile))
        {
            var name = Path.GetRelativePath(GoldenFiles.Root, path);
            var file = ManifestReader.Read(name, File.ReadAllText(path));
            if (file.Errors.Count > 0)
                throw new InvalidDataException(string.Join('\n', file.Errors));
            foreach (var item in file.Objects)
            {
                var key = $"{item.Kind} {item.Metadata.Namespace}/{item.Metadata.Name}";
                if (!seen.TryAdd(key, name))
                    throw new InvalidDataException($"{key} is defined by {seen[key]} and by {name}: golden cases share one catalog");
                objects.Add(item);
            }
        }
        return objects;
    }
}
