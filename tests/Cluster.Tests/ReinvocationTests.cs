using Sluice.Cluster.Tests.Golden;

namespace Sluice.Cluster.Tests;

/// <summary>What another webhook breaks behind ours, ours mends: API servers come back to it.</summary>
public sealed class ReinvocationTests(TestCluster cluster)
{
    [Fact]
    public async Task A_sidecar_that_lost_its_restartPolicy_on_the_way_has_it_again()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        var untouched = await area.Cluster.Calls.CreateAsync(TestPods.Naming("imagenet", nameSpace, "mended"), ApiCalls.DryRun);
        Assert.True(untouched.Code == 201, untouched.ToString());

        await using var foreign = await ForeignWebhook.StartAsync(area);
        Answer mended = untouched;
        await Eventually.Async(TimeSpan.FromSeconds(30), async () =>
        {
            mended = await area.Cluster.Calls.CreateAsync(TestPods.Naming("imagenet", nameSpace, "mended"), ApiCalls.DryRun);
            return foreign.Stripped > 0 ? null : $"the other webhook is not called: {mended}";
        });
        Assert.True(mended.Code == 201, mended.ToString());
        Assert.Null(PodComparison.Difference(untouched.Item, mended.Item));
    }
}
