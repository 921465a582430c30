using Sluice.Api;

namespace Sluice.Injection;

/// <summary>A Dataset in a snapshot, with what every decision about it would otherwise build again.</summary>
public sealed class CatalogDataset(Dataset resource)
{
    private DatasetResolution? _resolution; // replaced whole; two threads may both compute it, to the same end

    public Dataset Resource { get; } = resource;
    public ObjectName Name { get; } = ObjectName.Of(resource.Metadata);

    /// <summary><c>namespace/name</c>.</summary>
    public string FullName => field ??= Name.ToString();

    internal SessionNames LocalNames => field ??= SessionNames.Local(Name);
    internal SessionNames ForeignNames => field ??= SessionNames.Foreign(Name);

    /// <summary>
    /// Profile, runtime, source and options, or why they do not fit together. Computed again only when the snapshot has another profile or
    /// runtime for this dataset; holds on to nothing else of a snapshot, so that old ones can go.
    /// </summary>
    internal DatasetResolution Resolve(Catalog catalog)
    {
        var known = _resolution;
        return known is not null && known.Holds(this, catalog)
            ? known
            : _resolution = DatasetResolution.Of(this, catalog);
    }
}
