using System.Globalization;
using System.Text.Json.Nodes;
using Sluice.Cluster.Tests.Golden;
using Sluice.Kube;

namespace Sluice.Cluster.Tests;

/// <summary>Namespaces that count what pods ask for count the sidecar too, and it says what it asks for.</summary>
public sealed class QuotaTests(TestCluster cluster)
{
    // The profile "plain" gives a sidecar 100m and 128Mi, and 1 and 512Mi at most. Not a Guaranteed pod: that would change its sidecar.
    private static readonly JsonObject App = Json.Parse("""{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"cpu":"200m","memory":"64Mi"}}""");

    [Fact]
    public async Task A_quota_that_has_room_counts_the_pod_with_its_sidecar()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        var quota = await QuotaAsync(area, nameSpace, """{"requests.cpu":"1","requests.memory":"1Gi","limits.cpu":"4","limits.memory":"4Gi"}""");
        var created = await area.Cluster.Calls.CreateAsync(TestPods.Naming("imagenet", nameSpace, "counted", App));
        Assert.True(created.Code == 201, created.ToString());
        var used = (await area.Cluster.Client.GetAsync(quota, TestContext.Current.CancellationToken)).GetProperty("status").GetProperty("used");
        Assert.Equal(("200m", "192Mi", "1200m", "576Mi"), (Used("requests.cpu"), Used("requests.memory"), Used("limits.cpu"), Used("limits.memory")));

        string? Used(string name) => used.GetProperty(name).GetString();
    }

    [Fact]
    public async Task A_quota_without_room_for_the_sidecar_refuses_the_pod()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        await QuotaAsync(area, nameSpace, """{"limits.memory":"256Mi"}""");
        var answer = await area.Cluster.Calls.CreateAsync(TestPods.Naming("imagenet", nameSpace, "too-much", App));
        Assert.Equal(403, answer.Code);
        Assert.Contains("exceeded quota", answer.Message, StringComparison.Ordinal);
        Assert.Contains("requested: limits.memory=576Mi", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quota_asks_the_app_for_its_limits_and_not_the_sidecar()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        await QuotaAsync(area, nameSpace, """{"limits.memory":"4Gi"}""");
        var answer = await area.Cluster.Calls.CreateAsync(TestPods.Naming("imagenet", nameSpace, "unlimited"));
        Assert.Equal(403, answer.Code);
        Assert.Contains("must specify limits.memory for: app", answer.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sluice-imagenet", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Defaults_of_a_LimitRange_are_the_apps_and_leave_the_sidecar_its_own()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        await LimitAsync(area, nameSpace, """{"type":"Container","default":{"cpu":"300m","memory":"96Mi"},"defaultRequest":{"cpu":"200m","memory":"32Mi"}}""", pod => Resources(pod, "containers")?["limits"]?["memory"]?.GetValue<string>() == "96Mi");
        var created = await area.Cluster.Calls.CreateAsync(TestPods.Naming("imagenet", nameSpace, "defaulted"));
        Assert.True(created.Code == 201, created.ToString());
        Same("""{"limits":{"cpu":"300m","memory":"96Mi"},"requests":{"cpu":"200m","memory":"32Mi"}}""", Resources(created.Item, "containers"));
        Same("""{"limits":{"cpu":"1","memory":"512Mi"},"requests":{"cpu":"100m","memory":"128Mi"}}""", Resources(created.Item, "initContainers"));

        static void Same(string expected, JsonObject? actual) => Assert.True(JsonNode.DeepEquals(Json.Parse(expected), actual), actual?.ToJsonString());
    }

    [Fact]
    public async Task A_LimitRange_that_the_sidecar_exceeds_refuses_the_pod_and_says_by_how_much()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        await LimitAsync(area, nameSpace, """{"type":"Container","max":{"memory":"256Mi"}}""", pod => Resources(pod, "containers")?["limits"]?["memory"]?.GetValue<string>() == "256Mi");
        var answer = await area.Cluster.Calls.CreateAsync(TestPods.Naming("imagenet", nameSpace, "too-large"));
        Assert.Equal(403, answer.Code);
        Assert.Contains("maximum memory usage per Container is 256Mi, but limit is 512Mi", answer.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// A quota in force. What is used stands in its status, without which nothing is counted; a controller writes that, and where there is
    /// none, this does. A controller that comes later finds the same.
    /// </summary>
    private static async Task<ApiObject> QuotaAsync(TestArea area, string nameSpace, string hard)
    {
        var quota = Json.Parse($$$"""{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"tests","namespace":"{{{nameSpace}}}"},"spec":{"hard":{{{hard}}}}}""");
        await area.MakeAsync(quota);
        var used = new JsonObject(Json.Parse(hard).Select(h => KeyValuePair.Create<string, JsonNode?>(h.Key, "0")));
        var status = new JsonObject { ["status"] = new JsonObject { ["hard"] = Json.Parse(hard), ["used"] = used } };
        await area.Cluster.Client.MergePatchAsync(Kinds.Target(quota).Status, Json.Bytes(status), TestContext.Current.CancellationToken);
        // Admission has its own memory of quotas, which follows in a moment: ask for more than any of them has.
        var greedy = TestPods.Naming("imagenet", nameSpace, "greedy", Json.Parse("""{"requests":{"cpu":"100","memory":"1Ti"},"limits":{"cpu":"100","memory":"1Ti"}}"""));
        await Eventually.Async(TimeSpan.FromSeconds(30), async () =>
            await area.Cluster.Calls.CreateAsync(greedy, ApiCalls.DryRun) is var answer && answer.Message.Contains("exceeded quota", StringComparison.Ordinal) ? null : answer.ToString());
        return Kinds.Target(quota);
    }

    /// <summary>A LimitRange in force: a pod that asks for nothing gets what <paramref name="seen"/> looks for.</summary>
    private static async Task LimitAsync(TestArea area, string nameSpace, string limit, Func<JsonObject, bool> seen)
    {
        await area.MakeAsync(Json.Parse($$$$"""{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"tests","namespace":"{{{{nameSpace}}}}"},"spec":{"limits":[{{{{limit}}}}]}}"""));
        var plain = TestPods.Naming("imagenet", nameSpace, "plain");
        plain["metadata"]!.AsObject().Remove("labels");
        await Eventually.Async(TimeSpan.FromSeconds(30), async () =>
            await area.Cluster.Calls.CreateAsync(plain, ApiCalls.DryRun) is { IsRefused: false } answer && seen(answer.Item) ? null : string.Create(CultureInfo.InvariantCulture, $"the LimitRange {limit} is not in force"));
    }

    private static JsonObject? Resources(JsonObject pod, string list) => pod["spec"]![list]![0]!["resources"]?.AsObject();
}
