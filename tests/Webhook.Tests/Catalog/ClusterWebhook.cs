using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Sluice.Kube;
using Sluice.Testing.Cluster;

namespace Sluice.Webhook.Tests;

/// <summary>A webhook whose catalog is a cluster's, and the cluster: a namespace and a profile, so that a Dataset is all it takes.</summary>
internal sealed class ClusterWebhook : IAsyncDisposable
{
    public const string Datasets = "/apis/sluice.io/v1alpha1/datasets";
    public const string Runtimes = "/apis/sluice.io/v1alpha1/runtimes";
    public const string Profiles = "/apis/sluice.io/v1alpha1/runtimeprofiles";
    public const string Policies = "/apis/sluice.io/v1alpha1/tenantpolicies";
    public const string Namespaces = "/api/v1/namespaces";

    private ClusterWebhook(ApiServerDouble server, RunningWebhook webhook) => (Server, Webhook) = (server, webhook);

    public ApiServerDouble Server { get; }
    public RunningWebhook Webhook { get; }

    public static async Task<ApiServerDouble> NewServerAsync()
    {
        var server = await ApiServerDouble.StartAsync();
        server.Store.Put(Namespaces, Namespace("vision"));
        server.Store.Put(Profiles, Profile);
        return server;
    }

    public static async Task<ClusterWebhook> StartAsync(
        ApiServerDouble? server = null, FakeTimeProvider? time = null, bool awaitReady = true, WebhookOptions.ServiceName? service = null)
    {
        server ??= await NewServerAsync();
        var directory = new TemporaryDirectory();
        directory.Write("kubeconfig", server.Kubeconfig);
        var cluster = await KubeconfigAccess.OpenAsync(new FileInfo(directory.File("kubeconfig")), null, TestContext.Current.CancellationToken);
        var webhook = await RunningWebhook.StartAsync(
            options: options => options with { CatalogDirectory = null, Cluster = new WebhookOptions.ClusterChoice(directory.File("kubeconfig")), Service = service },
            time: time, directory: directory, awaitReady: awaitReady, cluster: cluster);
        return new ClusterWebhook(server, webhook);
    }

    public const string Profile = """
        {"apiVersion":"sluice.io/v1alpha1","kind":"RuntimeProfile","metadata":{"name":"rclone"},
         "spec":{"schemes":["s3"],"fuse":{"image":"rclone:1","command":["rclone","${mountpoint}"]},"newer":{"than":"this program"}}}
        """;

    public static string Namespace(string name, string labels = "{}") =>
        $$$"""{"metadata":{"name":"{{{name}}}","labels":{{{labels}}},"annotations":{"big":"{{{new string('x', 100)}}}"}},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}""";

    public static string Dataset(string name, string spec = "", string ns = "vision") => $$$"""
        {"apiVersion":"sluice.io/v1alpha1","kind":"Dataset",
         "metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","managedFields":[{"manager":"kubectl","operation":"Apply"}],"creationTimestamp":"2026-01-01T00:00:00Z"},
         "spec":{"source":{"uri":"s3://bucket/{{{name}}}"}{{{spec}}}},"status":{"phase":"Ready","newer":1}}
        """;

    public void Put(string dataset, string spec = "") => Server.Store.Put(Datasets, Dataset(dataset, spec));

    /// <summary>How often one object was asked for by its name.</summary>
    public int Gets(string collection, string? ns, string name) => Server.Requests.Count(r =>
        r.Method == "GET" && RequestPath.Parse(r.Path) == new RequestPath(collection, ns, name, null));

    /// <summary>What becomes of a pod that names the dataset.</summary>
    public Task<JsonElement> PodAsync(string dataset = "imagenet", string ns = "vision") => Webhook.ReviewAsync(Reviews.Request(request =>
    {
        request["namespace"] = ns;
        request["object"]!["metadata"]!["labels"] = new JsonObject { ["sluice.io/dataset"] = dataset };
    }));

    /// <summary>Sends pods until what becomes of them fits.</summary>
    public async Task<JsonElement> UntilPodAsync(Func<JsonElement, bool> condition, string dataset = "imagenet")
    {
        for (var i = 0; ; i++)
        {
            var response = await PodAsync(dataset);
            if (condition(response))
                return response;
            Assert.True(i < 1000, response.ToString());
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public static bool Allowed(JsonElement response) => response.GetProperty("allowed").GetBoolean();

    public static string Message(JsonElement response) => response.GetProperty("status").GetProperty("message").GetString()!;

    public async ValueTask DisposeAsync()
    {
        await Webhook.DisposeAsync();
        await Server.DisposeAsync();
    }
}
