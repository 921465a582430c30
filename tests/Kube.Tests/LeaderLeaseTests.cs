using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Sluice.Testing.Cluster;

namespace Sluice.Kube.Tests;

/// <summary>At most one leads at any time, by the clock that all of them share here.</summary>
public sealed class LeaderLeaseTests
{
    private const string Leases = "/apis/coordination.k8s.io/v1/leases";

    private static bool IsWrite(HttpRequest request) => request.Method is "PUT" or "POST";

    [Fact]
    public async Task The_first_one_makes_the_lease_and_renews_it()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var a = Candidate.Of(cluster, "a");
        await Cluster.UntilAsync(() => a.Leads);
        Assert.True(a.Lease.IsHeld);
        Assert.Equal("a", Spec(cluster, "holderIdentity"));
        Assert.Equal("15", Spec(cluster, "leaseDurationSeconds"));
        Assert.Equal("2026-01-01T00:00:00.000000Z", Spec(cluster, "acquireTime"));
        await cluster.PassUntilAsync(() => Spec(cluster, "renewTime") is not "2026-01-01T00:00:00.000000Z", TimeSpan.FromSeconds(3));
        Assert.Equal("2026-01-01T00:00:00.000000Z", Spec(cluster, "acquireTime"));
        Assert.Equal("0", Spec(cluster, "leaseTransitions"));
    }

    [Fact]
    public async Task A_lease_that_is_given_back_is_taken_at_once()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var a = Candidate.Of(cluster, "a");
        await Cluster.UntilAsync(() => a.Leads);
        await using var b = Candidate.Of(cluster, "b");
        Assert.Equal(LeaseEnd.Released, await a.StopAsync());
        Assert.Equal("", Spec(cluster, "holderIdentity"));
        Assert.False(a.Lease.IsHeld);
        await cluster.PassUntilAsync(() => b.Leads, TimeSpan.FromSeconds(3));
        Assert.Equal("b", Spec(cluster, "holderIdentity"));
    }

    [Fact]
    public async Task A_lease_that_nobody_renews_is_taken_after_its_duration_on_our_own_clock()
    {
        await using var cluster = await Cluster.StartAsync();
        // Its holder's clock runs an hour ahead: what it wrote must not count.
        cluster.Server.Store.Put(Leases, """
            {"metadata":{"name":"lease","namespace":"sluice","labels":{"kept":"yes"}},
             "spec":{"holderIdentity":"gone","leaseDurationSeconds":15,"renewTime":"2026-01-01T01:00:00.000000Z","leaseTransitions":4}}
            """);
        await using var a = Candidate.Of(cluster, "a");
        var waited = await cluster.PassUntilAsync(() => a.Leads, TimeSpan.FromSeconds(20));
        Assert.InRange(waited, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(18));
        Assert.Equal("5", Spec(cluster, "leaseTransitions"));
        Assert.Equal("yes", (string?)Lease(cluster)["metadata"]!["labels"]!["kept"]);
    }

    [Fact]
    public async Task A_holder_that_cannot_renew_stops_before_another_begins()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var a = Candidate.Of(cluster, "a");
        await Cluster.UntilAsync(() => a.Leads);
        await using var b = Candidate.Of(cluster, "b");
        await Cluster.UntilAsync(() => cluster.Server.Requests.Count >= 3);
        // From now on every write of a hangs; b's go through.
        for (var i = 0; i < 100; i++)
            cluster.Server.Next(request => IsWrite(request) && a.Leads, context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var started = cluster.Time.GetTimestamp();
        TimeSpan? stopped = null;
        await cluster.PassUntilAsync(
            () =>
            {
                Assert.False(a.Leads && b.Leads);
                if (!a.Leads)
                    stopped ??= cluster.Time.GetElapsedTime(started);
                return b.Leads;
            },
            TimeSpan.FromSeconds(40));
        Assert.InRange(stopped!.Value, TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(11));
        Assert.Equal(LeaseEnd.Lost, await a.Ended.WaitAsync(TimeSpan.FromSeconds(10), Cluster.Token));
    }

    [Fact]
    public async Task A_holder_that_finds_another_in_its_place_stops_at_once()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var a = Candidate.Of(cluster, "a");
        await Cluster.UntilAsync(() => a.Leads);
        var lease = Lease(cluster);
        lease["spec"]!["holderIdentity"] = "usurper";
        cluster.Server.Store.Put(Leases, lease.ToJsonString());
        var waited = await cluster.PassUntilAsync(() => !a.Leads, TimeSpan.FromSeconds(5));
        Assert.InRange(waited, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(3));
        Assert.Equal(LeaseEnd.Lost, await a.Ended.WaitAsync(TimeSpan.FromSeconds(10), Cluster.Token));
        Assert.Equal("usurper", Spec(cluster, "holderIdentity"));
    }

    [Fact]
    public async Task A_label_that_somebody_adds_costs_nobody_the_lease()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var a = Candidate.Of(cluster, "a");
        await Cluster.UntilAsync(() => a.Leads);
        var lease = Lease(cluster);
        lease["metadata"]!["labels"] = new JsonObject { ["team"] = "data" };
        cluster.Server.Store.Put(Leases, lease.ToJsonString());
        await cluster.PassUntilAsync(() => Spec(cluster, "renewTime") is not "2026-01-01T00:00:00.000000Z", TimeSpan.FromSeconds(5));
        Assert.True(a.Leads);
        Assert.Equal("data", (string?)Lease(cluster)["metadata"]!["labels"]!["team"]);
    }

    [Fact]
    public async Task A_process_that_was_stopped_for_a_while_knows_that_its_time_is_over()
    {
        await using var cluster = await Cluster.StartAsync();
        var clock = new LateTimers();
        await using var a = Candidate.Of(cluster, "a", clock);
        await Cluster.UntilAsync(() => a.Leads);
        Assert.True(a.Lease.IsHeld);
        clock.Late = TimeSpan.FromSeconds(10);
        Assert.False(a.Lease.IsHeld);
        Assert.True(a.Leads);
    }

    [Fact]
    public async Task An_error_of_the_leader_gives_the_lease_back_and_is_passed_on()
    {
        await using var cluster = await Cluster.StartAsync();
        var lease = new LeaderLease(cluster.Client(), Candidate.Options("a"), cluster.Time, _ => { });
        await Assert.ThrowsAsync<InvalidDataException>(() => lease.RunAsync(_ => throw new InvalidDataException(), Cluster.Token));
        Assert.Equal("", Spec(cluster, "holderIdentity"));
    }

    [Fact]
    public async Task Of_two_who_come_together_one_leads()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var a = Candidate.Of(cluster, "a");
        await using var b = Candidate.Of(cluster, "b");
        await cluster.PassUntilAsync(() => a.Leads || b.Leads, TimeSpan.FromSeconds(5));
        for (var i = 0; i < 40; i++)
        {
            cluster.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cluster.Token);
            Assert.NotEqual(a.Leads, b.Leads);
        }
    }

    private static JsonObject Lease(Cluster cluster) => cluster.Server.Store.Find(Leases, "sluice", "lease")!;

    private static string Spec(Cluster cluster, string member) => Lease(cluster)["spec"]![member]!.ToString();

    /// <summary>A clock that went on while no timer ran, as after a stop of the whole process.</summary>
    private sealed class LateTimers : FakeTimeProvider
    {
        public TimeSpan Late { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Late.TotalSeconds * TimestampFrequency);
    }

    /// <summary>Somebody who wants to lead, and leads by waiting.</summary>
    private sealed class Candidate : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private volatile bool _leads;

        private Candidate(Cluster cluster, string identity, TimeProvider time)
        {
            Lease = new LeaderLease(cluster.Client(), Options(identity), time, Reports.Enqueue);
            Ended = Lease.RunAsync(LeadAsync, _stop.Token);
        }

        public LeaderLease Lease { get; }
        public Task<LeaseEnd> Ended { get; }
        public bool Leads => _leads;
        public ConcurrentQueue<string> Reports { get; } = [];

        public static Candidate Of(Cluster cluster, string identity, TimeProvider? time = null) => new(cluster, identity, time ?? cluster.Time);

        public static LeaseOptions Options(string identity) => new() { Namespace = "sluice", Name = "lease", Identity = identity };

        public async Task<LeaseEnd> StopAsync()
        {
            await _stop.CancelAsync();
            return await Ended.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                await StopAsync();
            }
            catch (OperationCanceledException)
            {
                // It never led.
            }
        }

        private async Task LeadAsync(CancellationToken token)
        {
            _leads = true;
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                _leads = false;
            }
        }
    }
}
