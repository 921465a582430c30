using Sluice.Cluster.Tests.Providers;
using Sluice.Testing.Cluster;

namespace Sluice.Cluster.Tests.Rehearsal;

/// <summary>
/// Tests of the live suite, run against the double of an API server: they install, wait, send and clear away as they mean to. What a real
/// server makes of it stays to be seen.
/// </summary>
public sealed class RehearsalTests
{
    [Fact]
    public Task Pods_that_come_with_their_namespace_and_Dataset() => RehearseAsync(c => new TogetherTests(c).Namespace_Dataset_and_pod_are_applied_in_one_go());

    [Fact]
    public Task A_webhook_that_loses_fields() => RehearseAsync(c => new ReinvocationTests(c).A_sidecar_that_lost_its_restartPolicy_on_the_way_has_it_again());

    [Fact]
    public Task A_denial() => RehearseAsync(c => new AdmissionChainTests(c).A_denial_reaches_whoever_made_the_pod());

    [Fact]
    public Task A_leader_that_is_killed() => RehearseAsync(c => new ReplicasTests(c).One_replica_leads_and_when_it_is_killed_the_other_does());

    [Fact]
    public Task Samples() => RehearseAsync(async c =>
    {
        foreach (var file in CustomResourceTests.Files)
            await new CustomResourceTests(c).A_shipped_object_is_applied_and_comes_back_as_it_was_written(file.Data);
    });

    [Fact]
    public async Task A_cluster_that_has_Sluice_is_left_alone()
    {
        var provider = new AdmittingDouble();
        var file = await provider.StartAsync(TestContext.Current.CancellationToken);
        await using (provider)
        {
            provider.Server.Store.Put("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", """{"kind":"CustomResourceDefinition","metadata":{"name":"datasets.sluice.io"}}""");
            var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RunningCluster.StartAsync(new KubeconfigProvider(file, host: null)));
            Assert.Contains("give them a cluster without Sluice", error.Message, StringComparison.Ordinal);
            Assert.All(provider.Server.Requests, r => Assert.Equal("GET", r.Method));
        }
    }

    /// <summary>Runs a test, and sees to it that nothing of it stays that belongs to the whole cluster.</summary>
    private static async Task RehearseAsync(Func<TestCluster, Task> test)
    {
        var provider = new AdmittingDouble();
        await using var cluster = new TestCluster(provider);
        await test(cluster);
        foreach (var request in provider.Server.Requests.Where(r => r.Method is "PATCH"))
        {
            var path = RequestPath.Parse(request.Path)!;
            if (path is { Namespace: null, Subresource: null } && !path.Collection.EndsWith("/customresourcedefinitions", StringComparison.Ordinal))
                Assert.Null(provider.Server.Store.Find(path.Collection, null, path.Name!));
        }
    }
}
