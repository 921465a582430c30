using System.Runtime.InteropServices;
using System.Text.Json;

namespace Sluice.Kube;

/// <summary>
/// Follows all objects of one kind: lists them page by page, watches from there, and goes on where it was after every
/// interruption. Only a server that has forgotten that place makes it list again; then what is missing from the list is reported as
/// gone. Each object is projected as it arrives, and nothing else of it is kept. See <c>Reflector.Watch.cs</c> for the watch.
/// </summary>
/// <typeparam name="T">What is kept of an object.</typeparam>
public sealed partial class Reflector<T>
    where T : class
{
    private readonly ApiClient _client;
    private readonly ReflectorOptions _options;
    private readonly Project<T> _project;
    private readonly Action<ReflectedBatch<T>> _apply;
    private readonly Action<string> _trouble;
    private readonly TimeProvider _time;
    private readonly Backoff _backoff;

    // Owned by RunAsync, like everything below that is not read from outside.
    private readonly Dictionary<ObjectKey, Known> _known = [];
    private readonly Dictionary<string, string> _namespaces = new(StringComparer.Ordinal); // one string for each, however many objects it has
    private string? _resourceVersion; // where the next watch begins; null: list first
    private int _refusals; // watches that the server would not open, in a row
    private int _epoch; // of the list; what a list did not bring is of an older one

    private long _lists, _watchErrors, _refused, _heardAt;

    /// <summary>Nothing is asked before <see cref="RunAsync"/>.</summary>
    /// <param name="client">Where the objects are.</param>
    /// <param name="options">Which.</param>
    /// <param name="project">What is kept of each.</param>
    /// <param name="apply">Gets all changes, one batch after the other, on the thread that reads.</param>
    /// <param name="trouble">Gets one sentence for each interruption and each object that cannot be used, for the log.</param>
    /// <param name="time">The clock.</param>
    public Reflector(
        ApiClient client, ReflectorOptions options, Project<T> project, Action<ReflectedBatch<T>> apply, Action<string> trouble, TimeProvider time)
    {
        _client = client;
        _options = options;
        _project = project;
        _apply = apply;
        _trouble = trouble;
        _time = time;
        _backoff = new Backoff(options.FirstRetry, options.LongestRetry);
    }

    public ApiResource Resource => _options.Resource;

    /// <summary>Lists after the first complete one.</summary>
    public long Relists => Math.Max(0, Interlocked.Read(ref _lists) - 1);

    /// <summary>Lists and watches that ended otherwise than they should.</summary>
    public long WatchErrors => Interlocked.Read(ref _watchErrors);

    /// <summary>Objects that came and could not be used.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>When the server last said something: a complete list, an event or a bookmark. Null before the first list.</summary>
    public DateTimeOffset? HeardAt => Interlocked.Read(ref _heardAt) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Runs until <paramref name="token"/> says to stop; nothing that a server does ends it.</summary>
    public async Task RunAsync(CancellationToken token)
    {
        while (!token.IsCancellationRequested)
        {
            try
            {
                if (_resourceVersion is null)
                    await ListAsync(token);
                await WatchAsync(token);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                return;
            }
            catch (ApiException e)
            {
                await RecoverAsync(e, token);
            }
        }
    }

    private async Task ListAsync(CancellationToken token)
    {
        _epoch++;
        var query = _options.Query;
        while (true)
        {
            var changes = new List<ReflectedChange<T>>();
            var page = await _client.ListPageAsync(_options.Resource, _options.Namespace, query, source => Take(source, changes), token);
            if (page.Continue is null)
            {
                Sweep(changes);
                _resourceVersion = page.ResourceVersion;
                Heard();
                _apply(new ReflectedBatch<T>(changes, Listed: true));
                Interlocked.Increment(ref _lists);
                return;
            }
            _apply(new ReflectedBatch<T>(changes, Listed: false));
            query = query with { Continue = page.Continue };
        }
    }

    /// <summary>Waits as long as is fitting after <paramref name="error"/>, and lists again where watching on cannot help.</summary>
    private async Task RecoverAsync(ApiException error, CancellationToken token)
    {
        Interlocked.Increment(ref _watchErrors);
        _trouble(error.Message);
        // Gone (410) is the rule. A server that refuses again and again may have been set back to before this place.
        if (error.IsGone || (error is { StatusCode: > 0 and not (401 or 403 or 429) } && ++_refusals >= 3))
        {
            _resourceVersion = null;
            _refusals = 0;
        }
        try
        {
            await Task.Delay(error.RetryAfter ?? _backoff.Next(), _time, token);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    /// <summary>Takes an object from a list or an event; adds to <paramref name="changes"/> if it is not the one that we have.</summary>
    private void Take(JsonElement source, List<ReflectedChange<T>> changes)
    {
        if (KeyOf(source) is not { } key)
        {
            Refuse(null, "an object without metadata.name");
            return;
        }
        var version = VersionOf(source);
        if (_known.TryGetValue(key, out var known) && known.Version == version && version != 0)
        {
            _known[key] = known with { Epoch = _epoch };
            return;
        }
        _known[key] = new Known(version, _epoch);
        T? value;
        string? problem;
        try
        {
            value = _project(key, source, out problem);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException or ArgumentException or NotSupportedException)
        {
            // Closed or open is for whoever applies the change: here one object must not keep the others back.
            (value, problem) = (null, e.Message);
        }
        if (value is null)
            Refuse(key, problem ??= "cannot be used");
        changes.Add(new ReflectedChange<T>(key, value, value is null ? problem : null));
    }

    private void Refuse(ObjectKey? key, string problem)
    {
        Interlocked.Increment(ref _refused);
        _trouble(key is null ? $"{_options.Resource}: {problem}" : $"{_options.Resource} {key}: {problem}");
    }

    /// <summary>What the list that just ended did not bring is gone.</summary>
    private void Sweep(List<ReflectedChange<T>> changes)
    {
        foreach (var (key, known) in _known)
        {
            if (known.Epoch == _epoch)
                continue;
            _known.Remove(key);
            changes.Add(new ReflectedChange<T>(key, null, null));
        }
    }

    private ObjectKey? KeyOf(JsonElement source)
    {
        if (Metadata(source, "name") is not { Length: > 0 } name)
            return null;
        if (Metadata(source, "namespace") is not { Length: > 0 } nameSpace)
            return new ObjectKey(null, name);
        if (!_namespaces.TryGetValue(nameSpace, out var shared))
            _namespaces[nameSpace] = shared = nameSpace;
        return new ObjectKey(shared, name);
    }

    /// <summary>
    /// The resourceVersion as a number, as all API servers have it; 0 for one that is none, which is then taken for a new one
    /// always. Compared for equality alone.
    /// </summary>
    private static ulong VersionOf(JsonElement source) => ulong.TryParse(Metadata(source, "resourceVersion"), out var version) ? version : 0;

    private static string? Metadata(JsonElement source, string member) =>
        source.ValueKind == JsonValueKind.Object
        && source.TryGetProperty("metadata"u8, out var metadata) && metadata.ValueKind == JsonValueKind.Object
        && metadata.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private void Heard() => Interlocked.Exchange(ref _heardAt, _time.GetUtcNow().UtcTicks);

    /// <summary>What is remembered of an object beside what the consumer keeps.</summary>
    /// <param name="Version">As <see cref="VersionOf"/> reads it.</param>
    /// <param name="Epoch">Of the last list that brought the object, or of the one before the event that did.</param>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Known(ulong Version, int Epoch);
}
