using System.Collections.Concurrent;
using Sluice.Injection;
using Sluice.Kube;

namespace Sluice.Webhook;

/// <summary>
/// Asks the API server for what a pod names and the catalog lacks: a miss is not a denial yet. Each object is asked for once for all
/// who want it at the same time, and what came of it counts for a second. What is found is used for these decisions alone; the
/// watch brings it into the catalog, and takes it out again, in the right order.
/// </summary>
internal sealed class CatalogLookup : IDisposable
{
    /// <summary>For one admission, whatever it lacks.</summary>
    public static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(1);

    private const int MaxRemembered = 4096; // beyond that nothing is looked up; arbitrary
    private const double PerSecond = 50; // of a flood of pods with names that do not exist; arbitrary
    private const int Burst = 200; // likewise

    private readonly ApiClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger<CatalogLookup> _logger;
    private readonly ConcurrentDictionary<CatalogMiss, Lookup> _lookups = [];
    private long _found, _missing, _failed;

    public CatalogLookup(ClusterAccess cluster, TimeProvider time, ILogger<CatalogLookup> logger)
    {
        // Connections of its own: watches that are busy with a list do not keep it waiting.
        _client = new ApiClient(cluster, new ApiClientOptions { UserAgent = BuildInfo.UserAgent, Limit = new TokenBucket(PerSecond, Burst, time) }, time);
        _time = time;
        _logger = logger;
    }

    /// <summary>How lookups ended.</summary>
    public IReadOnlyList<(string Result, long Count)> Counts =>
        [("found", Interlocked.Read(ref _found)), ("missing", Interlocked.Read(ref _missing)), ("failed", Interlocked.Read(ref _failed))];

    /// <summary><paramref name="catalog"/> with the object that it lacks; null when there is none, or it did not come before <paramref name="token"/> was cancelled.</summary>
    public async Task<Catalog?> TryAddAsync(Catalog catalog, CatalogMiss miss, CancellationToken token)
    {
        var kind = CatalogKind.All.First(k => k.Name == miss.Kind);
        object? found;
        try
        {
            found = await FindAsync(kind, miss).WaitAsync(token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        if (found is null)
            return null;
        var builder = new CatalogBuilder(catalog);
        kind.Set(builder, found);
        return builder.Build();
    }

    public void Dispose() => _client.Dispose();

    private Task<object?> FindAsync(CatalogKind kind, CatalogMiss miss)
    {
        if (_lookups.TryGetValue(miss, out var known) && known.IsFresh(_time))
            return known.Value;
        if (_lookups.Count >= MaxRemembered && !Forget())
            return Task.FromResult<object?>(null);
        var lookup = new Lookup(() => AskAsync(kind, miss), _time.GetTimestamp());
        var winner = known is null
            ? _lookups.GetOrAdd(miss, lookup)
            : _lookups.TryUpdate(miss, lookup, known) ? lookup : _lookups.GetValueOrDefault(miss, lookup);
        return winner.Value;
    }

    private async Task<object?> AskAsync(CatalogKind kind, CatalogMiss miss)
    {
        var target = kind.Resource.Object(miss.Namespace, miss.Name);
        try
        {
            if (await _client.TryGetAsync(target, CancellationToken.None, Budget) is not { } source)
            {
                Interlocked.Increment(ref _missing);
                return null;
            }
            if (kind.Project(new ObjectKey(miss.Namespace, miss.Name), source, out var problem) is { } found)
            {
                Interlocked.Increment(ref _found);
                return found;
            }
            return Failed($"{target}: {problem}");
        }
        catch (Exception e) when (e is ApiException or InvalidOperationException or System.Text.Json.JsonException or ArgumentException or KeyNotFoundException)
        {
            // Closed: the pod is refused as if there were none.
            return Failed(e.Message);
        }
    }

    private object? Failed(string message)
    {
        Interlocked.Increment(ref _failed);
        Log.LookupFailed(_logger, AdmissionResponse.OneLine(message, 1024));
        return null;
    }

    /// <summary>Drops what counts no more; false when all of it does.</summary>
    private bool Forget()
    {
        foreach (var (miss, lookup) in _lookups)
        {
            if (!lookup.IsFresh(_time))
                _lookups.TryRemove(new KeyValuePair<CatalogMiss, Lookup>(miss, lookup));
        }
        return _lookups.Count < MaxRemembered;
    }

    /// <summary>One question. It is asked when the first one looks at <see cref="Value"/>, so that of two made at once only one is.</summary>
    private sealed class Lookup(Func<Task<object?>> ask, long startedAt)
    {
        private readonly Lazy<Task<object?>> _value = new(ask);

        public Task<object?> Value => _value.Value;

        public bool IsFresh(TimeProvider time) => time.GetElapsedTime(startedAt) < Remembered;
    }
}
