using System.Net;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Sluice.Kube;
using Sluice.Testing.Certificates;
using Sluice.Webhook;

namespace Sluice.Cluster.Tests;

/// <summary>The webhook in this process, its catalog that of the cluster, and the configurations by which the API server calls it for the area.</summary>
internal sealed class InstalledWebhook : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly WebhookHost _host;
    private readonly string _directory;

    private InstalledWebhook(WebhookHost host, string directory) => (_host, _directory) = (host, directory);

    /// <summary>Starts it, and waits until pods of <paramref name="nameSpace"/> (and, if asked, our own kinds) are sent to it.</summary>
    public static async Task<InstalledWebhook> StartAsync(TestArea area, string nameSpace, bool validating = false)
    {
        var cluster = area.Cluster;
        var name = cluster.Host();
        using var authority = new ThrowawayAuthority("sluice-tests");
        var directory = Directory.CreateTempSubdirectory("sluice-webhook-").FullName;
        var (certificate, key) = authority.Issue(name);
        var files = new WebhookOptions.CertificatePair(Path.Combine(directory, "tls.crt"), Path.Combine(directory, "tls.key"));
        await File.WriteAllTextAsync(files.CertificateFile, certificate, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(files.KeyFile, key, TestContext.Current.CancellationToken);
        var host = WebhookHost.Create(
            new WebhookOptions
            {
                // Every address: the API server may be elsewhere.
                Listen = new WebhookOptions.Endpoint(null, 0),
                MetricsListen = new WebhookOptions.Endpoint(IPAddress.Loopback, 0),
                Cluster = new WebhookOptions.ClusterChoice(cluster.Kubeconfig),
                Certificate = files,
            },
            new LoggerConfiguration().MinimumLevel.Override("Microsoft", LevelAlias.Off).WriteTo.Sink(new TestOutput()).CreateLogger(),
            await KubeconfigAccess.OpenAsync(new FileInfo(cluster.Kubeconfig), null, TestContext.Current.CancellationToken));
        var webhook = new InstalledWebhook(host, directory);
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            await webhook.UntilReadyAsync();
            await InstallAsync(area, new UriBuilder("https", name, host.Address.Port).Uri, authority.Pem, nameSpace, validating);
            return webhook;
        }
        catch
        {
            await webhook.DisposeAsync();
            throw;
        }
    }

    public async Task<string> MetricsAsync()
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri(_host.MetricsAddress, "/metrics"), TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until <c>/readyz</c> says that it is.</summary>
    private async Task UntilReadyAsync()
    {
        using var client = new HttpClient();
        await Eventually.Async(Limit, async () =>
        {
            using var response = await client.GetAsync(new Uri(_host.MetricsAddress, "/readyz"), TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode ? null : await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        });
    }

    private static async Task InstallAsync(TestArea area, Uri address, string authority, string nameSpace, bool validating)
    {
        await area.MakeAsync(InstalledManifests.CallingUrl("MutatingWebhookConfiguration", area.Suffix, address, authority));
        await UntilAskedAsync(area, nameSpace);
        if (!validating)
            return;
        await area.MakeAsync(InstalledManifests.CallingUrl("ValidatingWebhookConfiguration", area.Suffix, address, authority));
        var dataset = Json.Parse($$$$"""{"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"probe","namespace":"{{{{nameSpace}}}}"},"spec":{"source":{"uri":"sftp://nas:70000/x"}}}""");
        await Eventually.Async(Limit, async () => await area.Cluster.Calls.CreateAsync(dataset, ApiCalls.DryRun) is var answer && answer.Message.Contains("\"resources.sluice.io\" denied the request", StringComparison.Ordinal) ? null : answer.ToString());
    }

    /// <summary>Waits until pods of a namespace are sent to the webhook: API servers hear of a configuration within a second or so.</summary>
    public static Task UntilAskedAsync(TestArea area, string nameSpace) => Eventually.Async(Limit, async () =>
        await area.Cluster.Calls.CreateAsync(TestPods.Naming("no-such-dataset", nameSpace, "probe"), ApiCalls.DryRun) is var answer
        && answer.Message.Contains("\"dataset.pods.sluice.io\" denied the request", StringComparison.Ordinal) ? null : answer.ToString());

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>The webhook's log goes where the test's output is.</summary>
    private sealed class TestOutput : ILogEventSink
    {
        public void Emit(LogEvent logEvent) => TestContext.Current.TestOutputHelper?.WriteLine(logEvent.RenderMessage(System.Globalization.CultureInfo.InvariantCulture));
    }
}
