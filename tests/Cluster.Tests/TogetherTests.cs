using System.Globalization;
using Sluice.Cluster.Tests.Golden;

namespace Sluice.Cluster.Tests;

/// <summary>A miss is not a denial: what is applied in one go is known to the API server before the webhook's watch hears of it.</summary>
public sealed class TogetherTests(TestCluster cluster)
{
    [Fact]
    public async Task Namespace_Dataset_and_pod_are_applied_in_one_go()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area); // the profiles
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        for (var i = 0; i < 20; i++)
        {
            var fresh = await area.NamespaceAsync(string.Create(CultureInfo.InvariantCulture, $"together-{i}"));
            await area.MakeAsync(Json.Parse($$$"""{"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"fresh","namespace":"{{{fresh}}}"},"spec":{"source":{"uri":"s3://fresh/v1"},"profile":"bare"}}"""));
            var pod = await area.Cluster.Calls.CreateAsync(TestPods.Naming("fresh", fresh, "together"));
            Assert.True(pod.Code == 201, pod.ToString());
            Assert.Equal("sluice-fresh", pod.Body.GetProperty("spec").GetProperty("initContainers")[0].GetProperty("name").GetString());
        }
    }
}
