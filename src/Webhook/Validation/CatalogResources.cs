using Sluice.Api;
using Sluice.Api.Validation;
using Sluice.Injection;

namespace Sluice.Webhook.Validation;

/// <summary>The objects of a catalog, for the rules that look others up.</summary>
internal sealed class CatalogResources(Catalog catalog) : IKnownResources
{
    public bool HasDataset(string ns, string name) => catalog.FindDataset(new ObjectName(ns, name)) is not null;

    public Runtime? FindRuntime(string ns, string name) => catalog.FindRuntime(new ObjectName(ns, name));

    public KnownProfile? FindProfile(string name) => Known(catalog.FindProfile(name));

    public KnownProfile? FindProfileForScheme(string scheme) => Known(catalog.FindProfileForScheme(scheme));

    private static KnownProfile? Known(CatalogProfile? profile) => profile is null ? null : new KnownProfile(profile.Resource, profile.Options);
}
