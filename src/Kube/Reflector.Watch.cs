using System.Text.Json;

namespace Sluice.Kube;

// One watch: events in lines, until the server ends it, the connection breaks, or it has been silent for too long.
public sealed partial class Reflector<T>
{
    // Shorter ones are waited after, however they ended: a server that closes at once would be asked without a pause.
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(5);

    private const long NotYet = long.MinValue; // no timestamp of a clock

    /// <summary>Returns after a watch that ended as it should.</summary>
    /// <exception cref="ApiException">It did not.</exception>
    private async Task WatchAsync(CancellationToken token)
    {
        var opened = NotYet;
#pragma warning disable CA5394 // Spreads load; nobody gains by guessing it.
        var timeout = _options.WatchTimeout * (0.5 + (Random.Shared.NextDouble() / 2));
#pragma warning restore CA5394
        using var late = new CancellationTokenSource(timeout + _options.Grace, _time);
        using var silent = new CancellationTokenSource(_options.Silence, _time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(token, late.Token, silent.Token);
        try
        {
            using var response = await _client.WatchAsync(_options.Resource, _options.Namespace, _options.Query, _resourceVersion!, timeout, any.Token);
            opened = _time.GetTimestamp();
            _refusals = 0;
            await using var body = await response.Content.ReadAsStreamAsync(any.Token);
            using var lines = new JsonLines(body);
            while (await lines.ReadAsync(any.Token))
            {
                silent.CancelAfter(_options.Silence);
                Heard();
                ApplyEvents(lines);
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Broken($"the connection broke: {e.Message}", e);
        }
        catch (JsonException e)
        {
            // What was in that line is lost, so that only a list can tell what there is.
            _resourceVersion = null;
            throw Broken($"an event that is no JSON: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!token.IsCancellationRequested)
        {
            throw Broken(silent.IsCancellationRequested ? $"nothing was heard for {_options.Silence.TotalSeconds:0} s" : "the server did not end the watch in time", e);
        }
        finally
        {
            if (opened != NotYet && _time.GetElapsedTime(opened) >= Healthy)
                _backoff.Reset();
        }
        if (_time.GetElapsedTime(opened) < Healthy)
            await Task.Delay(_backoff.Next(), _time, token);
    }

    private void ApplyEvents(JsonLines lines)
    {
        var changes = new List<ReflectedChange<T>>();
        try
        {
            while (lines.TryTake(out var line))
            {
                if (line.IsEmpty)
                    continue;
                using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 128 });
                ApplyEvent(document.RootElement, changes);
            }
        }
        finally
        {
            // What came before a bad event counts: the next watch begins behind it.
            if (changes.Count > 0)
                _apply(new ReflectedBatch<T>(changes, Listed: false));
        }
    }

    private void ApplyEvent(JsonElement source, List<ReflectedChange<T>> changes)
    {
        var type = source.ValueKind == JsonValueKind.Object && source.TryGetProperty("type"u8, out var member) ? member : default;
        if (type.ValueKind != JsonValueKind.String || !source.TryGetProperty("object"u8, out var value))
            throw new JsonException("it has no type or no object");
        if (type.ValueEquals("ERROR"u8))
        {
            // Whatever it says, this watch has lost its place: most often 410, sent when the server forgot it while watching.
            _resourceVersion = null;
            throw ApiException.Of("watch", _options.Resource.ToString(), value);
        }
        if (type.ValueEquals("DELETED"u8))
        {
            if (KeyOf(value) is { } key && _known.Remove(key))
                changes.Add(new ReflectedChange<T>(key, null, null));
        }
        else if (!type.ValueEquals("BOOKMARK"u8))
        {
            Take(value, changes);
        }
        if (Metadata(value, "resourceVersion") is { Length: > 0 } version)
            _resourceVersion = version;
    }

    private ApiException Broken(string message, Exception inner) =>
        new("watch", _options.Resource.ToString(), 0, ApiException.Unreachable, message, inner: inner);
}
