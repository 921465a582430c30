using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Testing.Cluster;
using static Sluice.Webhook.Tests.ClusterWebhook;

namespace Sluice.Webhook.Tests;

/// <summary>A running webhook's catalog follows its cluster.</summary>
public sealed class CatalogWatcherTests
{
    private static bool IsListOfDatasets(HttpRequest request) => request.Path == Datasets && request.Query["watch"] != "true";

    private static int Count(JsonElement page, string kind) => page.GetProperty("catalog").GetProperty(kind).GetInt32();

    private static string[] Errors(JsonElement page) => [.. page.GetProperty("catalog").GetProperty("errors").EnumerateArray().Select(error => error.GetString()!)];

    private static string Patch(JsonElement response) => System.Text.Encoding.UTF8.GetString(response.GetProperty("patch").GetBytesFromBase64());

    [Fact]
    public async Task A_webhook_is_ready_only_after_every_kind_was_listed()
    {
        var server = await NewServerAsync();
        server.Store.Put(Datasets, Dataset("imagenet"));
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Next(IsListOfDatasets, async context =>
        {
            await release.Task.WaitAsync(context.RequestAborted);
            context.Response.StatusCode = 503;
        });
        await using var cluster = await StartAsync(server, awaitReady: false);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        var page = await cluster.Webhook.ReadyzAsync();
        Assert.False(page.GetProperty("ready").GetBoolean());
        Assert.Equal(0, Count(page, "profiles"));
        release.SetResult();
        page = await cluster.Webhook.UntilReadyzAsync(p => p.GetProperty("ready").GetBoolean());
        Assert.Equal((1, 1, 1), (Count(page, "datasets"), Count(page, "profiles"), Count(page, "namespaces")));
        Assert.True(Allowed(await cluster.PodAsync()));
    }

    [Fact]
    public async Task A_cluster_without_our_kinds_is_not_ready_and_says_why()
    {
        var server = await NewServerAsync();
        server.Next(IsListOfDatasets, 404, "404 page not found");
        await using var cluster = await StartAsync(server, awaitReady: false);
        var page = await cluster.Webhook.UntilReadyzAsync(p => Errors(p).Length > 0);
        Assert.False(page.GetProperty("ready").GetBoolean());
        Assert.Contains("list datasets.sluice.io: 404 page not found", Assert.Single(Errors(page)), StringComparison.Ordinal);
        page = await cluster.Webhook.UntilReadyzAsync(p => p.GetProperty("ready").GetBoolean());
        Assert.Empty(Errors(page));
    }

    [Fact]
    public async Task What_changes_in_the_cluster_changes_what_becomes_of_pods()
    {
        await using var cluster = await StartAsync();
        cluster.Put("imagenet", ""","mountPath":"/one" """);
        Assert.Contains("\"/one\"", Patch(await cluster.UntilPodAsync(Allowed)), StringComparison.Ordinal);

        cluster.Put("imagenet", ""","mountPath":"/two" """);
        await cluster.UntilPodAsync(response => Patch(response).Contains("\"/two\"", StringComparison.Ordinal));

        cluster.Server.Store.Put(Policies, """{"apiVersion":"sluice.io/v1alpha1","kind":"TenantPolicy","metadata":{"name":"none"},"spec":{"namespaceSelector":{"matchLabels":{"tier":"low"}},"datasets":{"allow":[]}}}""");
        cluster.Server.Store.Put(Namespaces, Namespace("vision", """{"tier":"low"}"""));
        var refused = await cluster.UntilPodAsync(response => !Allowed(response));
        Assert.StartsWith("policy \"none\": ", Message(refused), StringComparison.Ordinal);
        cluster.Server.Store.Delete(Policies, null, "none");
        await cluster.UntilPodAsync(Allowed);

        cluster.Server.Store.Put(Runtimes, """{"apiVersion":"sluice.io/v1alpha1","kind":"Runtime","metadata":{"name":"warm","namespace":"vision"},"spec":{"profile":"rclone"},"status":{"nodes":["node-7"],"readyReplicas":1}}""");
        cluster.Put("imagenet", ""","runtime":"warm" """);
        await cluster.UntilPodAsync(response => Patch(response).Contains("node-7", StringComparison.Ordinal));

        cluster.Server.Store.Delete(Datasets, "vision", "imagenet");
        var missing = await cluster.UntilPodAsync(response => !Allowed(response));
        Assert.Equal(404, missing.GetProperty("status").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task An_object_that_is_invalid_leaves_its_last_good_version_and_all_others_in_force()
    {
        var server = await NewServerAsync();
        server.Store.Put(Datasets, Dataset("never-good").Replace("s3://bucket/never-good", "no uri", StringComparison.Ordinal));
        await using var cluster = await StartAsync(server);
        cluster.Put("imagenet", ""","mountPath":"/good" """);
        await cluster.UntilPodAsync(Allowed);

        cluster.Put("imagenet", ""","mountPath":"relative" """);
        cluster.Put("coco");
        await cluster.UntilPodAsync(Allowed, "coco");
        var page = await cluster.Webhook.UntilReadyzAsync(p => Errors(p).Length == 2);
        Assert.True(page.GetProperty("ready").GetBoolean());
        Assert.Contains(Errors(page), error => error.StartsWith("Dataset vision/imagenet: spec.mountPath: ", StringComparison.Ordinal));
        Assert.Contains(Errors(page), error => error.StartsWith("Dataset vision/never-good: spec.source.uri: ", StringComparison.Ordinal));
        Assert.Contains("\"/good\"", Patch(await cluster.PodAsync()), StringComparison.Ordinal);
        Assert.Equal(404, (await cluster.PodAsync("never-good")).GetProperty("status").GetProperty("code").GetInt32());
        var metrics = await cluster.Webhook.MetricsAsync();
        Assert.Contains("sluice_webhook_catalog_invalid_objects{kind=\"Dataset\"} 2", metrics, StringComparison.Ordinal);
        Assert.Contains("sluice_webhook_catalog_last_reload_success{} 0", metrics, StringComparison.Ordinal);
        Assert.Contains(cluster.Webhook.Log, line => line.Contains("datasets.sluice.io vision/imagenet: spec.mountPath: ", StringComparison.Ordinal));

        cluster.Put("imagenet");
        cluster.Server.Store.Delete(Datasets, "vision", "never-good");
        await cluster.Webhook.UntilReadyzAsync(p => Errors(p).Length == 0);
        Assert.Contains("sluice_webhook_catalog_invalid_objects{kind=\"Dataset\"} 0", await cluster.Webhook.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_of_the_API_server_is_survived()
    {
        await using var cluster = await StartAsync();
        cluster.Put("imagenet");
        await cluster.UntilPodAsync(Allowed);
        await cluster.Server.StopAsync();
        Assert.True(Allowed(await cluster.PodAsync()));
        Assert.True((await cluster.Webhook.ReadyzAsync()).GetProperty("ready").GetBoolean());

        cluster.Server.Store.Delete(Datasets, "vision", "imagenet");
        cluster.Put("coco");
        await cluster.Server.StartAsync();
        await cluster.UntilPodAsync(response => !Allowed(response));
        await cluster.Webhook.UntilReadyzAsync(p => Count(p, "datasets") == 1);
        var metrics = await cluster.Webhook.MetricsAsync();
        Assert.Contains("sluice_webhook_catalog_relists_total{kind=\"Dataset\"} 0", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("sluice_webhook_catalog_watch_errors_total{kind=\"Dataset\"} 0", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_deleted_while_the_watch_was_lost_is_gone_after_the_new_list()
    {
        await using var cluster = await StartAsync();
        cluster.Put("imagenet");
        cluster.Put("coco");
        await cluster.UntilPodAsync(Allowed, "coco");
        await cluster.UntilPodAsync(Allowed);
        cluster.Server.Watches.Silent = true;
        cluster.Server.Store.Delete(Datasets, "vision", "imagenet");
        cluster.Server.Store.Compact();
        cluster.Server.Watches.Silent = false;
        cluster.Server.Watches.Cut();
        await cluster.UntilPodAsync(response => !Allowed(response));
        Assert.True(Allowed(await cluster.PodAsync("coco")));
        Assert.Contains("sluice_webhook_catalog_relists_total{kind=\"Dataset\"} 1", await cluster.Webhook.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_of_metrics_has_what_tells_of_the_watch()
    {
        await using var cluster = await StartAsync();
        var page = await cluster.Webhook.MetricsAsync();
        foreach (var kind in (string[])["Dataset", "Runtime", "RuntimeProfile", "TenantPolicy", "Namespace"])
        {
            foreach (var metric in (string[])["relists_total", "watch_errors_total", "watch_silence_seconds", "invalid_objects", "objects"])
                Assert.Contains($"sluice_webhook_catalog_{metric}{{kind=\"{kind}\"}} ", page, StringComparison.Ordinal);
        }
        foreach (var result in (string[])["found", "missing", "failed"])
            Assert.Contains($"sluice_webhook_catalog_lookups_total{{result=\"{result}\"}} 0", page, StringComparison.Ordinal);
    }
}
