using System.Globalization;
using Sluice.Api.Manifests;

namespace Sluice.Api.Validation;

/// <summary>
/// A catalog as files hold it, and all that is wrong with it: read file by file, judged once every file is read. The webhook's
/// directory, <c>--catalog</c> and <c>sluice validate</c> all read here, so that they accept and refuse the same.
/// </summary>
public sealed class CatalogManifests
{
    private readonly List<ManifestObject> _objects = [];
    private readonly List<ManifestError> _unreadable = [];
    private readonly SortedDictionary<string, int> _skipped = new(StringComparer.Ordinal);

    /// <summary>How many objects were read without an error.</summary>
    public int Count => _objects.Count;

    /// <summary>Those objects: Datasets, Runtimes, RuntimeProfiles, TenantPolicies, DataLoads and Namespaces.</summary>
    public IReadOnlyList<object> Resources => _objects.ConvertAll(o => o.Resource);

    /// <summary>How many objects of other kinds were passed over, by <c>apps/v1 Deployment</c>.</summary>
    public IReadOnlyDictionary<string, int> Skipped => _skipped;

    /// <summary>Adds what <paramref name="text"/> holds; objects of other kinds are passed over.</summary>
    /// <param name="file">How errors name it.</param>
    /// <param name="text">YAML or JSON.</param>
    /// <exception cref="IOException">The text cannot be read.</exception>
    public void Read(string file, TextReader text) =>
        _unreadable.AddRange(ManifestReader.Read(file, text, _objects.Add, Skip));

    private void Skip(string apiVersion, string kind)
    {
        var key = $"{apiVersion} {kind}";
        _skipped[key] = _skipped.GetValueOrDefault(key) + 1;
    }

    /// <summary>Everything that is wrong with what was read, each object by itself and all of them together.</summary>
    public CatalogJudgement Judge()
    {
        var errors = new List<ManifestError>(_unreadable);
        var warnings = new List<ManifestError>();
        foreach (var manifest in _objects)
            errors.AddRange(ManifestValidation.Check(manifest));
        FindDuplicates(errors);
        CheckTogether(errors, warnings);
        return new CatalogJudgement(InOrder(errors), InOrder(warnings));
    }

    /// <summary>An API server could hold only one of them, and which one would be decided by the order of files.</summary>
    private void FindDuplicates(List<ManifestError> errors)
    {
        var first = new Dictionary<(string Kind, string? Namespace, string Name), ManifestObject>();
        foreach (var manifest in _objects)
        {
            var key = (manifest.Kind, manifest.Namespace, manifest.Metadata.Name);
            if (first.TryAdd(key, manifest))
                continue;
            var there = first[key].ErrorAt("metadata.name", "");
            var place = there.Line == 0 ? there.File : string.Create(CultureInfo.InvariantCulture, $"{there.File}:{there.Line}");
            errors.Add(manifest.ErrorAt("metadata.name", $"{manifest.FullName} is in {place} already: remove one of the two"));
        }
    }

    private void CheckTogether(List<ManifestError> errors, List<ManifestError> warnings)
    {
        var validation = CatalogValidation.Of(Resources);
        foreach (var manifest in _objects)
        {
            foreach (var finding in validation.Check(manifest.Resource))
                (finding.Severity == FindingSeverity.Error ? errors : warnings).Add(manifest.ErrorAt(finding.Field.Path, finding.Field.Message));
        }
    }

    /// <summary>By place; what two rules say in the same words is said once.</summary>
    private static List<ManifestError> InOrder(List<ManifestError> found) =>
        [.. found.Distinct().OrderBy(e => e.File, StringComparer.Ordinal).ThenBy(e => e.Line).ThenBy(e => e.Column)];
}

/// <summary>What a catalog's files were found to say.</summary>
/// <param name="Errors">The catalog must not be used before they are mended.</param>
/// <param name="Warnings">What may come right by itself, such as a name of something that does not exist yet.</param>
public sealed record CatalogJudgement(IReadOnlyList<ManifestError> Errors, IReadOnlyList<ManifestError> Warnings);
