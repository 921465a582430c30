using Sluice.Api;

namespace Sluice.Injection;

/// <summary>A RuntimeProfile in a snapshot, its templates parsed.</summary>
public sealed class CatalogProfile(RuntimeProfile resource)
{
    public RuntimeProfile Resource { get; } = resource;
    public string Name => Resource.Metadata.Name;
}
