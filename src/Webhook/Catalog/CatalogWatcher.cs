using Sluice.Injection;
using Sluice.Kube;

namespace Sluice.Webhook;

/// <summary>
/// Keeps <see cref="CatalogState"/> as a cluster says: one reflector for each kind. Nothing is published before every kind was
/// listed once; from then on each change is, in a snapshot that shares all else with the one before. An object that is invalid
/// leaves its last good version in force, as a broken file does; one that never was good is left out.
/// </summary>
internal sealed class CatalogWatcher : BackgroundService
{
    private const int MaxErrors = 100; // told of in /readyz; arbitrary, like its own bound

    private static readonly TimeSpan Confirmation = TimeSpan.FromSeconds(1);

    private readonly ApiClient _client;
    private readonly CatalogState _state;
    private readonly TimeProvider _time;
    private readonly ILogger<CatalogWatcher> _logger;
    private readonly long _started;

    private readonly Lock _gate = new();
    private readonly CatalogBuilder _builder = new(Catalog.Empty); // guarded by _gate, as is the rest
    private readonly Dictionary<(CatalogKind Kind, ObjectKey Key), string> _invalid = [];
    private readonly HashSet<CatalogKind> _unlisted = [.. CatalogKind.All];
    private IReadOnlyList<string> _errors = []; // of _invalid

    public CatalogWatcher(ClusterAccess cluster, CatalogState state, TimeProvider time, ILogger<CatalogWatcher> logger)
    {
        _client = new ApiClient(cluster, new ApiClientOptions { UserAgent = BuildInfo.UserAgent }, time);
        _state = state;
        _time = time;
        _logger = logger;
        _started = time.GetTimestamp();
        Kinds = [.. CatalogKind.All.Select(kind => (kind, Reflect(kind)))];
    }

    public IReadOnlyList<(CatalogKind Kind, Reflector<object> Reflector)> Kinds { get; }

    /// <summary>How many objects of each kind are invalid now.</summary>
    public IReadOnlyList<(string Kind, int Count)> CountInvalid()
    {
        lock (_gate)
            return [.. CatalogKind.All.Select(kind => (kind.Name, _invalid.Keys.Count(key => key.Kind == kind)))];
    }

    public override void Dispose()
    {
        _client.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([.. Kinds.Select(kind => kind.Reflector.RunAsync(stoppingToken)), ConfirmAsync(stoppingToken)]);

    private Reflector<object> Reflect(CatalogKind kind) => new(
        _client, new ReflectorOptions { Resource = kind.Resource }, kind.Project, batch => Apply(kind, batch), Report, _time);

    private void Apply(CatalogKind kind, ReflectedBatch<object> batch)
    {
        lock (_gate)
        {
            var invalid = _invalid.Count > 0 || batch.Changes.Any(change => change.Problem is not null);
            foreach (var change in batch.Changes)
                Apply(kind, change);
            if (invalid)
                _errors = [.. _invalid.Take(MaxErrors).Select(i => $"{i.Key.Kind.Name} {i.Key.Key}: {i.Value}")];
            var first = batch.Listed && _unlisted.Remove(kind) && _unlisted.Count == 0;
            if (_unlisted.Count == 0 && (first || batch.Changes.Count > 0))
                Publish(first);
        }
    }

    private void Apply(CatalogKind kind, ReflectedChange<object> change)
    {
        if (change.Problem is { } problem)
        {
            _invalid[(kind, change.Key)] = problem;
            return;
        }
        _invalid.Remove((kind, change.Key));
        if (change.Value is { } value)
            kind.Set(_builder, value);
        else
            kind.Remove(_builder, change.Key);
    }

    private void Publish(bool first)
    {
        var catalog = _builder.Build();
        if (!first)
        {
            _state.Load(catalog, _errors);
            return;
        }
        CatalogState.ReturnMemory();
        _state.Load(catalog, _errors);
        Log.CatalogInStep(
            _logger, _client.Address.ToString(), _time.GetElapsedTime(_started).TotalMilliseconds,
            catalog.DatasetCount, catalog.RuntimeCount, catalog.ProfileCount, catalog.Policies.Length, catalog.NamespaceCount);
    }

    private void Report(string trouble)
    {
        Log.CatalogTrouble(_logger, AdmissionResponse.OneLine(trouble, 1024));
        lock (_gate)
        {
            if (_unlisted.Count > 0)
                _state.Fail([trouble]);
        }
    }

    /// <summary>The catalog is as old as what the most silent watch said last.</summary>
    private async Task ConfirmAsync(CancellationToken token)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Confirmation, _time, token);
                lock (_gate)
                {
                    if (_unlisted.Count == 0 && Kinds.Min(kind => kind.Reflector.HeardAt) is { } heard)
                        _state.Confirm(heard);
                }
            }
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }
}
