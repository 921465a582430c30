using Sluice.Api;

namespace Sluice.Injection;

/// <summary>A Dataset in a snapshot, with what every decision about it would otherwise build again.</summary>
public sealed class CatalogDataset(Dataset resource)
{
    public Dataset Resource { get; } = resource;
    public ObjectName Name { get; } = ObjectName.Of(resource.Metadata);
}
