using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Sluice.Kube;

/// <summary>The object that an event is about.</summary>
public readonly record struct EventTarget(string ApiVersion, string Kind, string? Namespace, string Name, string? Uid);

/// <summary>
/// events.k8s.io/v1 Events, which <c>kubectl describe</c> shows. The same reason for the same object is written once a minute at most
/// and counted meanwhile. Events are a courtesy: one that cannot be written is reported and forgotten.
/// </summary>
public sealed class EventRecorder(ApiClient client, string controller, string instance, TimeProvider time, Action<string> report)
{
    internal static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // After that an API server may have dropped the event (its default is an hour): begin another.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(50);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private const int MaxSeries = 4096; // remembered; arbitrary
    private const int MaxNote = 1024; // bytes, events.k8s.io/v1

    private static readonly ApiResource Events = new("events.k8s.io", "v1", "events", Namespaced: true);

    private readonly Lock _gate = new();
    private readonly Dictionary<(EventTarget, string), Series> _series = []; // guarded by _gate

    /// <summary>Writes the event, or counts it.</summary>
    /// <param name="target">What it is about.</param>
    /// <param name="warning">Whether somebody should do something.</param>
    /// <param name="reason">A word for machines, such as <c>CacheReady</c>.</param>
    /// <param name="action">What was done or tried, in a word.</param>
    /// <param name="note">One sentence.</param>
    /// <param name="token">Ends the waiting.</param>
    public async Task RecordAsync(EventTarget target, bool warning, string reason, string action, string note, CancellationToken token)
    {
        Series series;
        long count;
        lock (_gate)
        {
            series = Find(target, reason);
            count = ++series.Count;
            if (count > 1 && time.GetElapsedTime(series.WrittenAt) < Interval)
                return;
            series.WrittenAt = time.GetTimestamp();
        }
        // Events of things without a namespace live in this one, by convention.
        var nameSpace = target.Namespace ?? "default";
        try
        {
            if (count == 1)
                await client.CreateAsync(Events, nameSpace, Body(target, series.Name, nameSpace, warning, reason, action, note), token, Deadline);
            else
                await client.MergePatchAsync(Events.Object(nameSpace, series.Name), Repetition(count), token, Deadline);
        }
        catch (ApiException e)
        {
            report(e.Message);
            lock (_gate)
                _series.Remove((target, reason)); // the next one begins anew
        }
    }

    /// <summary>Under <see cref="_gate"/>.</summary>
    private Series Find(EventTarget target, string reason)
    {
        if (_series.TryGetValue((target, reason), out var series) && time.GetElapsedTime(series.Started) < Lifetime)
            return series;
        if (_series.Count >= MaxSeries)
            Forget();
        var name = string.Create(CultureInfo.InvariantCulture, $"{target.Name[..Math.Min(target.Name.Length, 200)].TrimEnd('.', '-')}.{Guid.NewGuid():N}");
        return _series[(target, reason)] = new Series(name, time.GetTimestamp());
    }

    private void Forget()
    {
        foreach (var (key, series) in _series)
        {
            if (time.GetElapsedTime(series.WrittenAt) >= Interval)
                _series.Remove(key);
        }
        if (_series.Count >= MaxSeries)
            _series.Clear();
    }

    private ReadOnlyMemory<byte> Body(EventTarget target, string name, string nameSpace, bool warning, string reason, string action, string note)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("apiVersion"u8, Events.ApiVersion);
        json.WriteString("kind"u8, "Event"u8);
        json.WriteStartObject("metadata"u8);
        json.WriteString("name"u8, name);
        json.WriteString("namespace"u8, nameSpace);
        json.WriteEndObject();
        json.WriteString("eventTime"u8, MicroTime.Format(time.GetUtcNow()));
        json.WriteString("reportingController"u8, controller);
        json.WriteString("reportingInstance"u8, instance);
        json.WriteString("type"u8, warning ? "Warning"u8 : "Normal"u8);
        json.WriteString("reason"u8, reason);
        json.WriteString("action"u8, action);
        json.WriteString("note"u8, Short(note));
        json.WriteStartObject("regarding"u8);
        json.WriteString("apiVersion"u8, target.ApiVersion);
        json.WriteString("kind"u8, target.Kind);
        if (target.Namespace is not null)
            json.WriteString("namespace"u8, target.Namespace);
        json.WriteString("name"u8, target.Name);
        if (target.Uid is not null)
            json.WriteString("uid"u8, target.Uid);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    /// <summary>The series alone: everything else of an Event cannot be changed.</summary>
    private ReadOnlyMemory<byte> Repetition(long count)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteStartObject("series"u8);
        json.WriteNumber("count"u8, count);
        json.WriteString("lastObservedTime"u8, MicroTime.Format(time.GetUtcNow()));
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static string Short(string note)
    {
        while (System.Text.Encoding.UTF8.GetByteCount(note) > MaxNote)
            note = note[..(note.Length * 9 / 10)];
        return note;
    }

    /// <summary>One Event object. Its members are guarded by <see cref="_gate"/>.</summary>
    private sealed class Series(string name, long started)
    {
        public string Name { get; } = name;
        public long Started { get; } = started;
        public long WrittenAt { get; set; }
        public long Count { get; set; }
    }
}
