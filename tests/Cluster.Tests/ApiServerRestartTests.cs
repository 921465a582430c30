using Sluice.Cluster.Tests.Golden;

namespace Sluice.Cluster.Tests;

/// <summary>The webhook outlives the API server, and follows the next one.</summary>
public sealed class ApiServerRestartTests(TestCluster cluster)
{
    [Fact]
    public async Task The_catalog_follows_again_after_the_API_server_has_restarted()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var server = area.Cluster.ControlPlane();
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        await PodAsync("coco", isRefused: false);

        await server.StopApiServerAsync();
        await server.StartApiServerAsync(TestContext.Current.CancellationToken);
        await InstalledWebhook.UntilAskedAsync(area, nameSpace);
        await PodAsync("coco", isRefused: false);
        await area.MakeAsync(Dataset("late"));
        await PodAsync("late", isRefused: false);
        // A Dataset that is not in the catalog is looked up; one that still is, though it is gone, only a watch can tell.
        await area.Cluster.DeleteAsync(Kinds.Datasets.Object(nameSpace, "coco"));
        await PodAsync("coco", isRefused: true);
        Assert.DoesNotContain("sluice_webhook_catalog_watch_errors_total{kind=\"Dataset\"} 0", await webhook.MetricsAsync(), StringComparison.Ordinal);

        Task PodAsync(string dataset, bool isRefused) => Eventually.Async(TimeSpan.FromMinutes(1), async () =>
            await area.Cluster.Calls.CreateAsync(TestPods.Naming(dataset, nameSpace, "restarted"), ApiCalls.DryRun) is var answer && answer.IsRefused == isRefused ? null : answer.ToString());

        System.Text.Json.Nodes.JsonObject Dataset(string name) =>
            Json.Parse($$$"""{"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"{{{name}}}","namespace":"{{{nameSpace}}}"},"spec":{"source":{"uri":"s3://late/v1"},"profile":"bare"} }""");
    }
}
