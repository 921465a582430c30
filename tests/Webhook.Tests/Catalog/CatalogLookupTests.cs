using Microsoft.Extensions.Time.Testing;
using Sluice.Testing.Cluster;
using static Sluice.Webhook.Tests.ClusterWebhook;

namespace Sluice.Webhook.Tests;

/// <summary>What the watch has not brought yet is asked for before a pod is refused. In these tests it never brings anything.</summary>
public sealed class CatalogLookupTests
{
    private static async Task<ClusterWebhook> StartAsync(FakeTimeProvider? time = null)
    {
        var cluster = await ClusterWebhook.StartAsync(time: time);
        cluster.Server.Watches.Silent = true;
        return cluster;
    }

    [Fact]
    public async Task A_dataset_that_was_only_just_made_is_found_and_asked_for_once_by_all()
    {
        await using var cluster = await StartAsync(new FakeTimeProvider());
        cluster.Put("imagenet");
        var pods = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => cluster.PodAsync()));
        Assert.All(pods, pod => Assert.True(Allowed(pod)));
        Assert.Equal(1, cluster.Gets(Datasets, "vision", "imagenet"));
        Assert.Contains("sluice_webhook_catalog_lookups_total{result=\"found\"} 1", await cluster.Webhook.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_a_pod_needs_may_be_new()
    {
        await using var cluster = await StartAsync();
        cluster.Server.Store.Put(Namespaces, Namespace("new"));
        cluster.Server.Store.Put(Profiles, ClusterWebhook.Profile.Replace("\"rclone\"}", "\"other\"}", StringComparison.Ordinal));
        cluster.Server.Store.Put(Runtimes, """{"apiVersion":"sluice.io/v1alpha1","kind":"Runtime","metadata":{"name":"warm","namespace":"new"},"spec":{"profile":"other"}}""");
        cluster.Server.Store.Put(Datasets, Dataset("imagenet", ""","runtime":"warm" """, "new"));
        var pod = await cluster.PodAsync(ns: "new");
        Assert.True(Allowed(pod), pod.ToString());
        Assert.Equal(
            (1, 1, 1, 1),
            (cluster.Gets(Namespaces, null, "new"), cluster.Gets(Datasets, "new", "imagenet"), cluster.Gets(Runtimes, "new", "warm"), cluster.Gets(Profiles, null, "other")));
    }

    [Fact]
    public async Task A_dataset_that_does_not_exist_is_asked_for_once_a_second_and_refused()
    {
        var time = new FakeTimeProvider();
        await using var cluster = await StartAsync(time);
        for (var i = 0; i < 3; i++)
        {
            var refused = await cluster.PodAsync();
            Assert.Equal(404, refused.GetProperty("status").GetProperty("code").GetInt32());
            Assert.StartsWith("dataset \"vision/imagenet\", asked for by label sluice.io/dataset, does not exist: ", Message(refused), StringComparison.Ordinal);
        }
        Assert.Equal(1, cluster.Gets(Datasets, "vision", "imagenet"));
        cluster.Put("imagenet");
        Assert.False(Allowed(await cluster.PodAsync()));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(Allowed(await cluster.PodAsync()));
        Assert.Equal(2, cluster.Gets(Datasets, "vision", "imagenet"));
    }

    [Fact]
    public async Task An_API_server_that_does_not_answer_costs_a_quarter_of_a_second_and_the_pod()
    {
        var time = new FakeTimeProvider();
        await using var cluster = await StartAsync(time);
        cluster.Server.Next(request => request.Path.Value!.EndsWith("/imagenet", StringComparison.Ordinal), context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var pod = cluster.PodAsync();
        for (var i = 0; cluster.Gets(Datasets, "vision", "imagenet") == 0; i++)
        {
            Assert.True(i < 1000, "nothing was asked for");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        Assert.False(pod.IsCompleted);
        time.Advance(CatalogLookup.Budget);
        Assert.Equal(404, (await pod).GetProperty("status").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task A_namespace_that_nobody_knows_and_nobody_can_look_up_gets_no_pods()
    {
        await using var cluster = await StartAsync();
        cluster.Put("imagenet");
        var refused = await cluster.PodAsync("vision.imagenet", ns: "unknown");
        Assert.Equal(500, refused.GetProperty("status").GetProperty("code").GetInt32());
        Assert.StartsWith("namespace \"unknown\" is not known", Message(refused), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_labels_of_a_new_namespace_count()
    {
        await using var cluster = await StartAsync();
        cluster.Server.Store.Put(Namespaces, Namespace("low", """{"tier":"low"}"""));
        cluster.Server.Store.Put(Datasets, Dataset("imagenet", ""","sharing":[{"namespaceSelector":{"matchLabels":{"tier":"low"}}}] """));
        Assert.True(Allowed(await cluster.PodAsync("vision.imagenet", ns: "low")));
        cluster.Server.Store.Put(Namespaces, Namespace("high", """{"tier":"high"}"""));
        Assert.Contains("is not shared with namespace \"high\"", Message(await cluster.PodAsync("vision.imagenet", ns: "high")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_object_that_is_invalid_or_forbidden_is_as_good_as_none()
    {
        await using var cluster = await StartAsync();
        cluster.Put("imagenet", ""","mountPath":"relative" """);
        Assert.Equal(404, (await cluster.PodAsync()).GetProperty("status").GetProperty("code").GetInt32());
        cluster.Server.Next(request => request.Path.Value!.EndsWith("/coco", StringComparison.Ordinal), 403, ApiStatus.Json(403, "Forbidden", "no datasets for you"));
        Assert.Equal(404, (await cluster.PodAsync("coco")).GetProperty("status").GetProperty("code").GetInt32());
        Assert.Contains(cluster.Webhook.Log, line => line.Contains("no datasets for you", StringComparison.Ordinal));
        Assert.Contains("sluice_webhook_catalog_lookups_total{result=\"failed\"} 2", await cluster.Webhook.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_of_names_that_do_not_exist_is_no_flood_for_the_API_server()
    {
        await using var cluster = await StartAsync(new FakeTimeProvider());
        var before = cluster.Server.Requests.Count;
        var pods = Task.WhenAll(Enumerable.Range(0, 200).Select(i => cluster.PodAsync($"none-{i}")));
        Assert.All(await pods, pod => Assert.False(Allowed(pod)));
        Assert.Equal(200, cluster.Server.Requests.Count - before);
        var late = cluster.PodAsync("none-200");
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal(200, cluster.Server.Requests.Count - before);
        Assert.False(late.IsCompleted);
    }
}
