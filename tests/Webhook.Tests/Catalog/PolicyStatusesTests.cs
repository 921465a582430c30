using System.Text;
using System.Text.Json;

namespace Sluice.Webhook.Tests;

/// <summary>What <c>kubectl get tenantpolicies</c> shows in the column of namespaces.</summary>
public sealed class PolicyStatusesTests
{
    private const string Policy = """
        {"apiVersion":"sluice.io/v1alpha1","kind":"TenantPolicy","metadata":{"name":"gold","generation":3},
         "spec":{"action":"Deny","namespaceSelector":{"matchLabels":{"tier":"gold"}}}}
        """;

    [Fact]
    public async Task A_policy_says_how_many_namespaces_it_selects_and_is_written_only_when_that_changes()
    {
        await using var cluster = await ClusterWebhook.StartAsync();
        cluster.Server.Store.Put(ClusterWebhook.Namespaces, ClusterWebhook.Namespace("a", """{"tier":"gold"}"""));
        cluster.Server.Store.Put(ClusterWebhook.Policies, Policy);
        await UntilAsync(cluster, "1");
        cluster.Server.Store.Put(ClusterWebhook.Namespaces, ClusterWebhook.Namespace("b", """{"tier":"gold"}"""));
        cluster.Put("imagenet"); // no policy's concern
        await UntilAsync(cluster, "2");
        await Task.Delay(TimeSpan.FromSeconds(7), TestContext.Current.CancellationToken); // the longest pause has passed
        Assert.Equal(["""{"status":{"namespaces":1,"observedGeneration":3}}""", """{"status":{"namespaces":2,"observedGeneration":3}}"""], Patches(cluster));
    }

    private static List<string> Patches(ClusterWebhook cluster) =>
        [.. cluster.Server.Requests.Where(r => r.Method == "PATCH" && r.Path.StartsWith(ClusterWebhook.Policies + "/gold/status", StringComparison.Ordinal)).Select(r => Encoding.UTF8.GetString(r.Body))];

    private static async Task UntilAsync(ClusterWebhook cluster, string namespaces)
    {
        for (var i = 0; !(Patches(cluster) is [.., var last] && JsonDocument.Parse(last).RootElement.GetProperty("status").GetProperty("namespaces").ToString() == namespaces); i++)
        {
            Assert.True(i < 300, string.Join('\n', Patches(cluster)));
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}
