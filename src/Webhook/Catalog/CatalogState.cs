using Sluice.Injection;

namespace Sluice.Webhook;

/// <summary>
/// The catalog that decisions use, and how its source fares. One writer, the source; any number of readers, who see each
/// change whole.
/// </summary>
internal sealed class CatalogState(TimeProvider time)
{
    private volatile State _state = new(Catalog.Empty, null, [], 0);

    /// <summary>Never null; empty until the first load succeeds.</summary>
    public Catalog Current => _state.Catalog;

    public bool IsLoaded => _state.ConfirmedAt is not null;

    /// <summary>When the source was last read, or seen to be unchanged, without an error. Null before the first load.</summary>
    public DateTimeOffset? ConfirmedAt => _state.ConfirmedAt;

    /// <summary>What stopped the last load, or what had to be left out of it; empty when it succeeded.</summary>
    public IReadOnlyList<string> Errors => _state.Errors;

    public long FailedLoads => _state.FailedLoads;

    public void Load(Catalog catalog) => Load(catalog, []);

    /// <summary>Loads a catalog that <paramref name="leftOut"/> is missing from.</summary>
    public void Load(Catalog catalog, IReadOnlyList<string> leftOut) => _state = _state with { Catalog = catalog, ConfirmedAt = time.GetUtcNow(), Errors = leftOut };

    public void Confirm() => Confirm(time.GetUtcNow());

    public void Confirm(DateTimeOffset at) => _state = _state with { ConfirmedAt = at };

    public void Fail(IReadOnlyList<string> errors) => _state = _state with { Errors = errors, FailedLoads = _state.FailedLoads + 1 };

    /// <summary>
    /// Gives back what reading a whole catalog took, several times what the catalog itself takes, and the catalog before. The collector
    /// would keep that for allocations to come, which here are small ones. Admissions wait meanwhile, as they wait for any full
    /// collection.
    /// </summary>
    public static void ReturnMemory() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    private sealed record State(Catalog Catalog, DateTimeOffset? ConfirmedAt, IReadOnlyList<string> Errors, long FailedLoads);
}
