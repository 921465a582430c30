using Sluice.Testing;
using Sluice.Testing.Cluster;
using Sluice.Testing.Manifests;
using Sluice.Testing.Processes;

namespace Sluice.Manifests.Tests.Running;

/// <summary>The webhook's program as a process of its own on loopback ports, and the cluster that it takes for one.</summary>
internal sealed class WebhookProcess : IAsyncDisposable
{
    private const string Dataset = """
        {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","operation":"CREATE","namespace":"vision","name":"imagenet",
         "kind":{"group":"sluice.io","version":"v1alpha1","kind":"Dataset"},"resource":{"group":"sluice.io","version":"v1alpha1","resource":"datasets"},
         "object":{"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"imagenet","namespace":"vision"},"spec":{"source":{"uri":"s3://imagenet"}}}}}
        """;

    private readonly WebhookProgram _program;

    private WebhookProcess(ApiServerDouble cluster, WebhookProgram program) => (Cluster, _program) = (cluster, program);

    public ApiServerDouble Cluster { get; }
    public Uri Address => _program.Address;

    public static async Task<WebhookProcess> StartAsync()
    {
        var cluster = await ApiServerDouble.StartAsync();
        cluster.Store.Put("/api/v1/namespaces", """{"metadata":{"name":"vision"}}""");
        // What the webhook finds in a cluster that the manifests were applied to, and writes into.
        foreach (var (collection, kind, name) in ((string, string, string)[])
            [
                ("/api/v1/secrets", "Secret", "sluice-webhook-certificates"),
                ("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", "MutatingWebhookConfiguration", "sluice-webhook"),
                ("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", "ValidatingWebhookConfiguration", "sluice-webhook"),
            ])
        {
            cluster.Store.Put(collection, Kustomization.Render("").Find(kind, name).ToJsonString());
        }
        var kubeconfig = Path.GetTempFileName();
        await File.WriteAllTextAsync(kubeconfig, cluster.Kubeconfig, TestContext.Current.CancellationToken);
        var program = await WebhookProgram.ListenAsync(TestContext.Current.CancellationToken, "--kubeconfig", kubeconfig, "--service", "sluice-system/sluice-webhook", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0");
        File.Delete(kubeconfig);
        return new WebhookProcess(cluster, program);
    }

    /// <summary>What <c>--help</c> prints.</summary>
    public static async Task<string> HelpAsync()
    {
        var output = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var process = WebhookProgram.Start(output.Enqueue, "--help");
        await process.EndAsync(TestContext.Current.CancellationToken);
        return string.Join('\n', output);
    }

    /// <summary>The page after reviews of a pod and of a Dataset and a request that is none, so that every counter has counted.</summary>
    public async Task<string> ScrapeAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null } });
        while (!await _program.IsReadyAsync(client, TestContext.Current.CancellationToken))
            await Task.Delay(20, TestContext.Current.CancellationToken);
        var pod = await File.ReadAllTextAsync(Repository.PathOf("tests", "bench", "review.json"), TestContext.Current.CancellationToken);
        foreach (var (path, body) in ((string, string)[])[("/mutate", pod), ("/mutate", "nonsense"), ("/validate", Dataset)])
        {
            using var content = new StringContent(body, null, "application/json");
            using var answer = await client.PostAsync(new Uri(Address, path), content, TestContext.Current.CancellationToken);
        }
        return await client.GetStringAsync(new Uri(_program.Metrics, "/metrics"), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}
