using Sluice.Cluster.Tests.Golden;

namespace Sluice.Cluster.Tests;

/// <summary>Several replicas of the webhook's program, as a cluster runs them.</summary>
public sealed class ReplicasTests(TestCluster cluster)
{
    // Two minutes of these a new authority has to be known before it signs, and a new leader counts them anew.
    private static readonly TimeSpan RenewalTimeout = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan TakeoverTimeout = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task No_pod_is_refused_while_replicas_are_rolled_and_certificates_renewed()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await using var webhook = await ReplicatedWebhook.StartAsync(area, nameSpace);
        using var stop = new CancellationTokenSource();
        var stream = webhook.StreamAsync(stop.Token);
        await webhook.ReplaceOldestAsync();
        await webhook.ReplaceOldestAsync();
        await Eventually.Async(RenewalTimeout, async () => await webhook.CertificatesAsync() is { } set && AgingCertificates.IsRenewed(set) ? null : "the certificates are not renewed");
        await webhook.ReplaceOldestAsync();
        await stop.CancelAsync();
        var (made, refused) = await stream;
        Assert.Empty(refused);
        Assert.InRange(made, 500, int.MaxValue);
    }

    [Fact]
    public async Task One_replica_leads_and_when_it_is_killed_the_other_does()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await using var webhook = await ReplicatedWebhook.StartAsync(area, nameSpace);
        var leader = Assert.Single(await webhook.LeadersAsync());
        var holder = await HolderAsync();
        await webhook.KillAsync(leader);
        Assert.Empty(await webhook.LeadersAsync()); // not before the Lease has run out
        await Eventually.Async(TakeoverTimeout, async () => (await webhook.LeadersAsync()).Count == 1 ? null : "nobody leads");
        Assert.NotEqual(holder, await HolderAsync(), StringComparer.Ordinal);

        async Task<string?> HolderAsync()
        {
            var lease = await area.Cluster.Client.GetAsync(webhook.Lease, TestContext.Current.CancellationToken);
            return lease.GetProperty("spec").GetProperty("holderIdentity").GetString();
        }
    }
}
