using System.Diagnostics;
using System.Text.Json;
using Sluice.Manifests.Tests.Rendering;
using Sluice.Testing;
using Sluice.Testing.Cluster;

namespace Sluice.Manifests.Tests.Running;

/// <summary>The webhook's program as a process of its own on loopback ports, and the cluster that it takes for one.</summary>
internal sealed class WebhookProcess : IAsyncDisposable
{
    private const string Dataset = """
        {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","operation":"CREATE","namespace":"vision","name":"imagenet",
         "kind":{"group":"sluice.io","version":"v1alpha1","kind":"Dataset"},"resource":{"group":"sluice.io","version":"v1alpha1","resource":"datasets"},
         "object":{"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"imagenet","namespace":"vision"},"spec":{"source":{"uri":"s3://imagenet"}}}}}
        """;

    private readonly Process _process;
    private readonly Task<string> _rest;

    private WebhookProcess(ApiServerDouble cluster, Process process, Uri address, Uri metrics, Task<string> rest) =>
        (Cluster, _process, Address, Metrics, _rest) = (cluster, process, address, metrics, rest);

    public ApiServerDouble Cluster { get; }
    public Uri Address { get; }
    public Uri Metrics { get; }

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
        var process = Start("--kubeconfig", kubeconfig, "--service", "sluice-system/sluice-webhook", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0");
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            using var entry = JsonDocument.Parse(line);
            if (!entry.RootElement.TryGetProperty("metricsAddress", out var metrics))
                continue;
            File.Delete(kubeconfig);
            return new WebhookProcess(cluster, process, new Uri(entry.RootElement.GetProperty("address").GetString()!), new Uri(metrics.GetString()!), process.StandardOutput.ReadToEndAsync(CancellationToken.None));
        }
        throw new InvalidOperationException("the webhook ended before it listened");
    }

    /// <summary>What <c>--help</c> prints.</summary>
    public static async Task<string> HelpAsync()
    {
        using var process = Start("--help");
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }

    /// <summary>The page after reviews of a pod and of a Dataset and a request that is none, so that every counter has counted.</summary>
    public async Task<string> ScrapeAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null } });
        while (!await IsReadyAsync(client))
            await Task.Delay(20, TestContext.Current.CancellationToken);
        var pod = await File.ReadAllTextAsync(Repository.PathOf("tests", "bench", "review.json"), TestContext.Current.CancellationToken);
        foreach (var (path, body) in ((string, string)[])[("/mutate", pod), ("/mutate", "nonsense"), ("/validate", Dataset)])
        {
            using var content = new StringContent(body, null, "application/json");
            using var answer = await client.PostAsync(new Uri(Address, path), content, TestContext.Current.CancellationToken);
        }
        return await client.GetStringAsync(new Uri(Metrics, "/metrics"), TestContext.Current.CancellationToken);
    }

    private async Task<bool> IsReadyAsync(HttpClient client)
    {
        using var response = await client.GetAsync(new Uri(Metrics, "/readyz"), TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _rest;
        _process.Dispose();
        await Cluster.DisposeAsync();
    }

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(
        "dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "sluice-webhook.dll"), .. arguments])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
    })!;
}
