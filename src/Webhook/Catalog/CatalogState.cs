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

    /// <summary>What stopped the last load; empty when it succeeded.</summary>
    public IReadOnlyList<string> Errors => _state.Errors;

    public long FailedLoads => _state.FailedLoads;

    public void Load(Catalog catalog) => _state = _state with { Catalog = catalog, ConfirmedAt = time.GetUtcNow(), Errors = [] };

    public void Confirm() => _state = _state with { ConfirmedAt = time.GetUtcNow() };

    public void Fail(IReadOnlyList<string> errors) => _state = _state with { Errors = errors, FailedLoads = _state.FailedLoads + 1 };

    private sealed record State(Catalog Catalog, DateTimeOffset? ConfirmedAt, IReadOnlyList<string> Errors, long FailedLoads);
}
