using System.Collections.Immutable;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// An immutable snapshot of everything a decision looks up. Whoever watches the sources builds a new one and swaps it in;
/// a decision uses one snapshot from start to end.
/// </summary>
public sealed class Catalog
{
    public static Catalog Empty { get; } = new([], [], [], [], []);

    private readonly Dictionary<ObjectName, CatalogDataset> _datasets = [];
    private readonly Dictionary<ObjectName, CatalogDataset> _claims = [];
    private readonly Dictionary<ObjectName, Runtime> _runtimes = [];
    private readonly Dictionary<string, CatalogProfile> _profiles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CatalogProfile> _profilesByScheme = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Namespace> _namespaces = new(StringComparer.Ordinal);

    /// <summary>
    /// Objects may come in any order. Of two with one name the last counts; of two profiles for one scheme the name first
    /// in ordinal order counts; of two Datasets with one claim name the Dataset name first in ordinal order.
    /// </summary>
    public Catalog(
        IEnumerable<Dataset> datasets,
        IEnumerable<Runtime> runtimes,
        IEnumerable<RuntimeProfile> profiles,
        IEnumerable<TenantPolicy> policies,
        IEnumerable<Namespace> namespaces,
        InjectionSettings? settings = null)
    {
        Settings = settings ?? InjectionSettings.Default;
        foreach (var dataset in datasets)
            _datasets[ObjectName.Of(dataset.Metadata)] = new CatalogDataset(dataset);
        foreach (var (name, dataset) in _datasets)
        {
            if (dataset.Resource.Spec.Claim is not { Name: { Length: > 0 } claim })
                continue;
            var key = new ObjectName(name.Namespace, claim);
            if (!_claims.TryGetValue(key, out var other) || string.CompareOrdinal(name.Name, other.Name.Name) < 0)
                _claims[key] = dataset;
        }
        foreach (var runtime in runtimes)
            _runtimes[ObjectName.Of(runtime.Metadata)] = runtime;
        foreach (var profile in profiles)
            _profiles[profile.Metadata.Name] = new CatalogProfile(profile);
        foreach (var profile in _profiles.Values.OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            foreach (var scheme in profile.Resource.Spec.Schemes)
                _profilesByScheme.TryAdd(scheme, profile);
        }
        var byName = new Dictionary<string, TenantPolicy>(StringComparer.Ordinal);
        foreach (var policy in policies)
            byName[policy.Metadata.Name] = policy;
        Policies = [.. byName.Values.OrderByDescending(p => p.Spec.Priority).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)];
        foreach (var ns in namespaces)
            _namespaces[ns.Metadata.Name] = ns;
    }

    /// <summary>A snapshot of whatever was read from manifests; kinds that no decision needs are left out.</summary>
    public static Catalog Of(IReadOnlyCollection<object> resources) => new(
        resources.OfType<Dataset>(),
        resources.OfType<Runtime>(),
        resources.OfType<RuntimeProfile>(),
        resources.OfType<TenantPolicy>(),
        resources.OfType<Namespace>());

    public InjectionSettings Settings { get; }

    /// <summary>By descending priority, then name.</summary>
    public ImmutableArray<TenantPolicy> Policies { get; }

    public int DatasetCount => _datasets.Count;
    public int RuntimeCount => _runtimes.Count;
    public int ProfileCount => _profiles.Count;
    public int NamespaceCount => _namespaces.Count;
    public IEnumerable<CatalogProfile> Profiles => _profiles.Values;

    public CatalogDataset? FindDataset(ObjectName name) => _datasets.GetValueOrDefault(name);

    /// <summary>The Dataset whose claim (PVC) has this name in this namespace.</summary>
    public CatalogDataset? FindClaim(ObjectName claim) => _claims.GetValueOrDefault(claim);
    public Runtime? FindRuntime(ObjectName name) => _runtimes.GetValueOrDefault(name);
    public CatalogProfile? FindProfile(string name) => _profiles.GetValueOrDefault(name);
    public CatalogProfile? FindProfileForScheme(string scheme) => _profilesByScheme.GetValueOrDefault(scheme);
    public Namespace? FindNamespace(string name) => _namespaces.GetValueOrDefault(name);
}

/// <summary>The name of a namespaced object.</summary>
public readonly record struct ObjectName(string Namespace, string Name)
{
    public static ObjectName Of(ObjectMeta metadata) => new(metadata.Namespace ?? "default", metadata.Name);
    public override string ToString() => $"{Namespace}/{Name}";
}
