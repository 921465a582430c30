using System.Buffers;
using System.Text.Json;

namespace Sluice.Kube;

/// <summary>Whose lease, and how it is kept.</summary>
public sealed record LeaseOptions
{
    public required string Namespace { get; init; }
    public required string Name { get; init; }

    /// <summary>Unlike that of every other process that ever tries, this one's earlier lives included.</summary>
    public required string Identity { get; init; }

    /// <summary>How long others wait after the last renewal that they saw.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the holder may go without a renewal; below <see cref="Duration"/>, so that it stops before another begins.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>How leading ended.</summary>
public enum LeaseEnd
{
    /// <summary>The work was done, or told to stop; the lease was given back.</summary>
    Released,

    /// <summary>The lease was lost. A process that keeps state from its time as the leader should end.</summary>
    Lost,
}

/// <summary>
/// Leader election over a coordination.k8s.io/v1 Lease. Times that others wrote are never compared with our clock: a lease counts as
/// abandoned when our own monotonic clock has seen it unchanged for as long as it says, and as lost when our last renewal was
/// sent <see cref="LeaseOptions.RenewDeadline"/> ago, whatever became of the ones after it.
/// </summary>
/// <param name="client">Where the Lease is.</param>
/// <param name="options">Which, and how it is kept.</param>
/// <param name="time">The clock.</param>
/// <param name="report">Gets one sentence for each failure, and for the loss of the lease.</param>
public sealed class LeaderLease(ApiClient client, LeaseOptions options, TimeProvider time, Action<string> report)
{
    private static readonly ApiResource Leases = new("coordination.k8s.io", "v1", "leases", Namespaced: true);

    private readonly ApiObject _target = Leases.Object(options.Namespace, options.Name);

    // Owned by RunAsync.
    private JsonElement? _lease; // as last read or written
    private string? _observedVersion; // the resourceVersion that _observedAt belongs to
    private long _observedAt; // our clock, when that version was first seen

    private long _renewedAt; // our clock, when the last successful renewal was sent; 0: not held

    /// <summary>
    /// Whether the lease is held this very moment: for a last look before a write. True ends on our clock, even in a process that was stopped
    /// for a while and whose timers have not run yet.
    /// </summary>
    public bool IsHeld => Interlocked.Read(ref _renewedAt) is var at and not 0 && time.GetElapsedTime(at) < options.RenewDeadline;

    /// <summary>
    /// Waits for the lease, then runs <paramref name="lead"/> until it ends, <paramref name="stop"/> is cancelled, or the lease is lost; the token
    /// that it gets is cancelled by the latter two. The lease is given back, so that another need not wait for it to run out.
    /// </summary>
    public async Task<LeaseEnd> RunAsync(Func<CancellationToken, Task> lead, CancellationToken stop)
    {
        while (!await TryTakeAsync(options.RenewDeadline, stop))
            await Task.Delay(options.RetryPeriod, time, stop);
        using var term = new CancellationTokenSource(Remaining(), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(term.Token, stop);
        try
        {
            // Not on this thread: what leads may take its time before it first waits, and renewals must not.
            var leading = Task.Run(() => lead(either.Token), CancellationToken.None);
            await KeepAsync(leading, term, stop);
            await leading;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // Told to stop.
        }
        finally
        {
            await ReleaseAsync();
        }
        if (!term.IsCancellationRequested)
            return LeaseEnd.Released;
        report($"lost {_target}");
        return LeaseEnd.Lost;
    }

    /// <summary>Renews until <paramref name="leading"/> or <paramref name="term"/> ends; ends the latter when another holds the lease.</summary>
    private async Task KeepAsync(Task leading, CancellationTokenSource term, CancellationToken stop)
    {
        while (!leading.IsCompleted && !term.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(term.Token, stop);
            var next = Task.Delay(options.RetryPeriod, time, pause.Token);
            await Task.WhenAny(leading, next);
            if (next.IsCompletedSuccessfully && await RenewAsync(term.Token, stop) is { } held)
            {
                if (held)
                    term.CancelAfter(Remaining());
                else
                    await term.CancelAsync();
            }
            await pause.CancelAsync();
        }
    }

    /// <summary>Whether we hold the lease still; null when that could not be found out.</summary>
    private async Task<bool?> RenewAsync(CancellationToken term, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(term, stop);
        try
        {
            if (await TryTakeAsync(Remaining(), either.Token))
                return true;
            return _lease is { } lease && Holder(lease) is { Length: > 0 } holder && holder != options.Identity ? false : null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>One attempt to take or renew the lease. Failures are reported and are no.</summary>
    private async Task<bool> TryTakeAsync(TimeSpan deadline, CancellationToken token)
    {
        var sent = time.GetTimestamp();
        try
        {
            // What we wrote last is usually still there: renew without reading first, and read only after a conflict.
            var lease = IsHeld ? _lease : await client.TryGetAsync(_target, token, deadline);
            if (lease is { } known)
            {
                Observe(known);
                if (!MayTake(known))
                    return false;
            }
            _lease = lease is { } old
                ? await client.UpdateAsync(_target, Body(old, options.Identity, options.Duration), token, deadline)
                : await client.CreateAsync(Leases, options.Namespace, Body(null, options.Identity, options.Duration), token, deadline);
            Interlocked.Exchange(ref _renewedAt, sent);
            return true;
        }
        catch (ApiException e) when (e.IsConflict && IsHeld)
        {
            // Somebody else wrote: is it another holder, or only a label?
            return await ReadAgainAsync(deadline, token) && await TryTakeAsync(deadline, token);
        }
        catch (ApiException e)
        {
            if (!e.IsConflict)
                report(e.Message);
            return false;
        }
    }

    /// <summary>Whether the lease as it is now is ours.</summary>
    private async Task<bool> ReadAgainAsync(TimeSpan deadline, CancellationToken token)
    {
        try
        {
            _lease = await client.TryGetAsync(_target, token, deadline);
            return _lease is { } lease && Holder(lease) == options.Identity;
        }
        catch (ApiException e)
        {
            report(e.Message);
            return false;
        }
    }

    private bool MayTake(JsonElement lease)
    {
        var holder = Holder(lease);
        if (string.IsNullOrEmpty(holder) || holder == options.Identity)
            return true;
        var seconds = Spec(lease, "leaseDurationSeconds") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : (int)options.Duration.TotalSeconds;
        return time.GetElapsedTime(_observedAt) >= TimeSpan.FromSeconds(seconds);
    }

    private void Observe(JsonElement lease)
    {
        var version = lease.TryGetProperty("metadata"u8, out var metadata) && metadata.TryGetProperty("resourceVersion"u8, out var text) ? text.GetString() : null;
        if (version == _observedVersion)
            return;
        _observedVersion = version;
        _observedAt = time.GetTimestamp();
    }

    private async Task ReleaseAsync()
    {
        var held = _lease;
        Interlocked.Exchange(ref _renewedAt, 0);
        _lease = null;
        if (held is not { } lease || Holder(lease) != options.Identity)
            return;
        try
        {
            // One second, not none: API servers demand more than zero.
            await client.UpdateAsync(_target, Body(lease, "", TimeSpan.FromSeconds(1)), CancellationToken.None, options.RetryPeriod);
        }
        catch (ApiException e)
        {
            report($"not given back, so that others wait until it runs out: {e.Message}");
        }
    }

    private TimeSpan Remaining()
    {
        var left = options.RenewDeadline - time.GetElapsedTime(Interlocked.Read(ref _renewedAt));
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The whole object, its metadata as it was: with the resourceVersion in it, only that version is replaced.</summary>
    private ReadOnlyMemory<byte> Body(JsonElement? old, string holder, TimeSpan duration)
    {
        var now = MicroTime.Format(time.GetUtcNow());
        var same = old is { } before && Holder(before) == options.Identity;
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("apiVersion"u8, Leases.ApiVersion);
        json.WriteString("kind"u8, "Lease"u8);
        json.WritePropertyName("metadata"u8);
        if (old is { } lease && lease.TryGetProperty("metadata"u8, out var metadata))
        {
            metadata.WriteTo(json);
        }
        else
        {
            json.WriteStartObject();
            json.WriteString("name"u8, options.Name);
            json.WriteString("namespace"u8, options.Namespace);
            json.WriteEndObject();
        }
        json.WriteStartObject("spec"u8);
        json.WriteString("holderIdentity"u8, holder);
        json.WriteNumber("leaseDurationSeconds"u8, (int)duration.TotalSeconds);
        json.WriteString("acquireTime"u8, same && Spec(old!.Value, "acquireTime").GetString() is { } acquired ? acquired : now);
        json.WriteString("renewTime"u8, now);
        json.WriteNumber("leaseTransitions"u8, Transitions(old) + (same ? 0 : 1));
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static int Transitions(JsonElement? lease) =>
        lease is { } known ? Spec(known, "leaseTransitions") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : 0 : -1;

    private static string? Holder(JsonElement lease) => Spec(lease, "holderIdentity") is { ValueKind: JsonValueKind.String } holder ? holder.GetString() : null;

    private static JsonElement Spec(JsonElement lease, string member) =>
        lease.TryGetProperty("spec"u8, out var spec) && spec.ValueKind == JsonValueKind.Object && spec.TryGetProperty(member, out var value) ? value : default;
}
