using System.Collections.Immutable;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// Makes a snapshot of the one before and what changed since: a change costs a few nodes of a tree, however many objects there are,
/// and the snapshots share all others. Objects may come in any order. Not thread-safe; goes on being usable after <see cref="Build"/>.
/// </summary>
public sealed class CatalogBuilder
{
    private readonly InjectionSettings _settings;
    private readonly ImmutableDictionary<ObjectName, CatalogDataset>.Builder _datasets;
    private readonly ImmutableDictionary<ObjectName, ImmutableArray<CatalogDataset>>.Builder _claims;
    private readonly ImmutableDictionary<ObjectName, Runtime>.Builder _runtimes;
    private readonly ImmutableDictionary<string, CatalogProfile>.Builder _profiles;
    private readonly ImmutableDictionary<string, TenantPolicy>.Builder _policies;
    private readonly ImmutableDictionary<string, Namespace>.Builder _namespaces;

    // Few and read for every pod: made anew as a whole when one of them changes, null until then.
    private ImmutableDictionary<string, CatalogProfile>? _profilesByScheme;
    private ImmutableArray<TenantPolicy>? _policiesInOrder;

    public CatalogBuilder(Catalog from)
    {
        _settings = from.Settings;
        _datasets = from.Maps.Datasets.ToBuilder();
        _claims = from.Maps.Claims.ToBuilder();
        _runtimes = from.Maps.Runtimes.ToBuilder();
        _profiles = from.Maps.Profiles.ToBuilder();
        _policies = from.Maps.Policies.ToBuilder();
        _namespaces = from.Maps.Namespaces.ToBuilder();
        _profilesByScheme = from.Maps.ProfilesByScheme;
        _policiesInOrder = from.Policies;
    }

    public void Set(Dataset dataset)
    {
        var entry = new CatalogDataset(dataset);
        RemoveDataset(entry.Name);
        _datasets[entry.Name] = entry;
        if (ClaimOf(entry) is not { } claim)
            return;
        var others = _claims.GetValueOrDefault(claim, []);
        var at = others.TakeWhile(other => string.CompareOrdinal(other.Name.Name, entry.Name.Name) < 0).Count();
        _claims[claim] = others.Insert(at, entry);
    }

    public void RemoveDataset(ObjectName name)
    {
        if (!_datasets.Remove(name, out var old) || ClaimOf(old) is not { } claim)
            return;
        var others = _claims[claim].Remove(old);
        if (others.IsEmpty)
            _claims.Remove(claim);
        else
            _claims[claim] = others;
    }

    public void Set(Runtime runtime) => _runtimes[ObjectName.Of(runtime.Metadata)] = runtime;

    public void RemoveRuntime(ObjectName name) => _runtimes.Remove(name);

    public void Set(RuntimeProfile profile)
    {
        _profiles[profile.Metadata.Name] = new CatalogProfile(profile);
        _profilesByScheme = null;
    }

    public void RemoveProfile(string name)
    {
        _profiles.Remove(name);
        _profilesByScheme = null;
    }

    public void Set(TenantPolicy policy)
    {
        _policies[policy.Metadata.Name] = policy;
        _policiesInOrder = null;
    }

    public void RemovePolicy(string name)
    {
        _policies.Remove(name);
        _policiesInOrder = null;
    }

    public void Set(Namespace ns) => _namespaces[ns.Metadata.Name] = ns;

    public void RemoveNamespace(string name) => _namespaces.Remove(name);

    public Catalog Build()
    {
        _profilesByScheme ??= ByScheme();
        _policiesInOrder ??= [.. _policies.Values.OrderByDescending(p => p.Spec.Priority).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)];
        return new Catalog(
            _settings,
            new CatalogMaps(
                _datasets.ToImmutable(), _claims.ToImmutable(), _runtimes.ToImmutable(), _profiles.ToImmutable(), _profilesByScheme,
                _policies.ToImmutable(), _namespaces.ToImmutable()),
            _policiesInOrder.Value);
    }

    private ImmutableDictionary<string, CatalogProfile> ByScheme()
    {
        var byScheme = ImmutableDictionary.CreateBuilder<string, CatalogProfile>(StringComparer.Ordinal);
        foreach (var profile in _profiles.Values.OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            foreach (var scheme in profile.Resource.Spec.Schemes)
                byScheme.TryAdd(scheme, profile);
        }
        return byScheme.ToImmutable();
    }

    private static ObjectName? ClaimOf(CatalogDataset dataset) =>
        dataset.Resource.Spec.Claim is { Name: { Length: > 0 } claim } ? new ObjectName(dataset.Name.Namespace, claim) : null;
}
