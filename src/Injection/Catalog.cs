using System.Collections.Immutable;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// An immutable snapshot of everything a decision looks up. Whoever watches the sources makes a new one with a
/// <see cref="CatalogBuilder"/> and swaps it in; a decision uses one snapshot from start to end.
/// </summary>
public sealed class Catalog
{
    public static Catalog Empty { get; } = new(InjectionSettings.Default, CatalogMaps.Empty, []);

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
        var builder = new CatalogBuilder(Empty);
        foreach (var dataset in datasets)
            builder.Set(dataset);
        foreach (var runtime in runtimes)
            builder.Set(runtime);
        foreach (var profile in profiles)
            builder.Set(profile);
        foreach (var policy in policies)
            builder.Set(policy);
        foreach (var ns in namespaces)
            builder.Set(ns);
        var built = builder.Build();
        (Maps, Policies) = (built.Maps, built.Policies);
    }

    internal Catalog(InjectionSettings settings, CatalogMaps maps, ImmutableArray<TenantPolicy> policies) =>
        (Settings, Maps, Policies) = (settings, maps, policies);

    /// <summary>A snapshot of whatever was read from manifests; kinds that no decision needs are left out.</summary>
    public static Catalog Of(IReadOnlyCollection<object> resources) => new(
        resources.OfType<Dataset>(),
        resources.OfType<Runtime>(),
        resources.OfType<RuntimeProfile>(),
        resources.OfType<TenantPolicy>(),
        resources.OfType<Namespace>());

    public InjectionSettings Settings { get; }
    internal CatalogMaps Maps { get; }

    /// <summary>By descending priority, then name.</summary>
    public ImmutableArray<TenantPolicy> Policies { get; }

    public int DatasetCount => Maps.Datasets.Count;
    public int RuntimeCount => Maps.Runtimes.Count;
    public int ProfileCount => Maps.Profiles.Count;
    public int NamespaceCount => Maps.Namespaces.Count;
    public IEnumerable<CatalogDataset> Datasets => Maps.Datasets.Values;
    public IEnumerable<Runtime> Runtimes => Maps.Runtimes.Values;
    public IEnumerable<CatalogProfile> Profiles => Maps.Profiles.Values;

    /// <summary>How many of the namespaces that are known a selector selects; an absent one selects none.</summary>
    public int CountNamespaces(LabelSelector? selector) =>
        selector is null ? 0 : Maps.Namespaces.Values.Count(ns => NamespaceLabels.Match(selector, ns.Metadata.Name, ns.Metadata.Labels));

    /// <summary>Whether nothing that <see cref="CountNamespaces"/> looks at differs.</summary>
    public bool SelectsAs(Catalog other) => ReferenceEquals(Maps.Namespaces, other.Maps.Namespaces) && ReferenceEquals(Maps.Policies, other.Maps.Policies);

    public CatalogDataset? FindDataset(ObjectName name) => Maps.Datasets.GetValueOrDefault(name);

    /// <summary>The Dataset whose claim (PVC) has this name in this namespace.</summary>
    public CatalogDataset? FindClaim(ObjectName claim) => Maps.Claims.TryGetValue(claim, out var datasets) ? datasets[0] : null;
    public Runtime? FindRuntime(ObjectName name) => Maps.Runtimes.GetValueOrDefault(name);
    public CatalogProfile? FindProfile(string name) => Maps.Profiles.GetValueOrDefault(name);
    public CatalogProfile? FindProfileForScheme(string scheme) => Maps.ProfilesByScheme.GetValueOrDefault(scheme);
    public Namespace? FindNamespace(string name) => Maps.Namespaces.GetValueOrDefault(name);
}

/// <summary>What a snapshot is made of. Persistent maps: two snapshots share all that is the same in both.</summary>
/// <param name="Datasets">By name.</param>
/// <param name="Claims">Datasets by namespace and name of their claim, in the order of their names: of several the first counts.</param>
/// <param name="Runtimes">By name.</param>
/// <param name="Profiles">By name.</param>
/// <param name="ProfilesByScheme">The one that counts for each scheme.</param>
/// <param name="Policies">By name.</param>
/// <param name="Namespaces">By name.</param>
internal sealed record CatalogMaps(
    ImmutableDictionary<ObjectName, CatalogDataset> Datasets,
    ImmutableDictionary<ObjectName, ImmutableArray<CatalogDataset>> Claims,
    ImmutableDictionary<ObjectName, Runtime> Runtimes,
    ImmutableDictionary<string, CatalogProfile> Profiles,
    ImmutableDictionary<string, CatalogProfile> ProfilesByScheme,
    ImmutableDictionary<string, TenantPolicy> Policies,
    ImmutableDictionary<string, Namespace> Namespaces)
{
    public static CatalogMaps Empty { get; } = new(
        ImmutableDictionary<ObjectName, CatalogDataset>.Empty,
        ImmutableDictionary<ObjectName, ImmutableArray<CatalogDataset>>.Empty,
        ImmutableDictionary<ObjectName, Runtime>.Empty,
        ImmutableDictionary.Create<string, CatalogProfile>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, CatalogProfile>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, TenantPolicy>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, Namespace>(StringComparer.Ordinal));
}

/// <summary>The name of a namespaced object.</summary>
public readonly record struct ObjectName(string Namespace, string Name)
{
    public static ObjectName Of(ObjectMeta metadata) => new(metadata.Namespace ?? "default", metadata.Name);
    public override string ToString() => $"{Namespace}/{Name}";
}
