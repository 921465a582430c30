using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Sluice.Kube;
using Sluice.Testing.Processes;
using Sluice.Webhook.Certificates;

namespace Sluice.Cluster.Tests;

/// <summary>
/// The webhook's program in several processes behind one Service, with the certificates that it manages itself: as deploy/manifests has
/// it, but that the Service leads to a port of this process, and not to pods.
/// </summary>
internal sealed class ReplicatedWebhook : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly TestArea _area;
    private readonly string _nameSpace;
    private readonly ServicePort _port = new();
    private readonly List<WebhookProgram> _replicas = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private ReplicatedWebhook(TestArea area, string nameSpace) => (_area, _nameSpace) = (area, nameSpace);

    public string Service => $"webhook-{_area.Suffix}";

    public ApiObject Secret => Kinds.Secrets.Object(_nameSpace, $"{Service}-certificates");

    public ApiObject Lease => Kinds.Leases.Object(_nameSpace, $"{Service}-certificates");

    /// <summary>Two replicas that are ready, and an API server that calls them for the area.</summary>
    public static async Task<ReplicatedWebhook> StartAsync(TestArea area, string nameSpace)
    {
        var host = area.Cluster.Host();
        var webhook = new ReplicatedWebhook(area, nameSpace);
        try
        {
            webhook._port.Start();
            await webhook.PrepareAsync(host);
            await webhook.AddAsync();
            await webhook.AddAsync();
            await InstalledWebhook.UntilAskedAsync(area, nameSpace);
            return webhook;
        }
        catch
        {
            await webhook.DisposeAsync();
            throw;
        }
    }

    /// <summary>One more replica; returns when the Service sends to it.</summary>
    public async Task<WebhookProgram> AddAsync()
    {
        var replica = await WebhookProgram.ListenAsync(
            TestContext.Current.CancellationToken,
            "--kubeconfig", _area.Cluster.Kubeconfig, "--service", $"{_nameSpace}/{Service}", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--shutdown-delay", "3s");
        _replicas.Add(replica);
        _port.Add(replica);
        await Eventually.Async(Limit, () => Task.FromResult(_port.Ready.Contains(replica) ? null : "the replica is not ready"));
        return replica;
    }

    /// <summary>As a roll-out does: a new one first, then SIGTERM for the oldest.</summary>
    public async Task ReplaceOldestAsync()
    {
        var oldest = _replicas[0];
        await AddAsync();
        await oldest.StopAsync();
        await RemoveAsync(oldest);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync(WebhookProgram replica)
    {
        await replica.KillAsync();
        await RemoveAsync(replica);
    }

    /// <summary>Those that say of themselves that they lead.</summary>
    public async Task<IReadOnlyList<WebhookProgram>> LeadersAsync()
    {
        var pages = await Task.WhenAll(_replicas.Select(r => _http.GetStringAsync(new Uri(r.Metrics, "/metrics"), TestContext.Current.CancellationToken)));
        return [.. _replicas.Where((_, i) => pages[i].Contains("\nsluice_webhook_certificate_leader{} 1", StringComparison.Ordinal))];
    }

    /// <summary>What the Secret holds now.</summary>
    public async Task<CertificateSet?> CertificatesAsync() => CertificateSet.Read(await _area.Cluster.Client.GetAsync(Secret, TestContext.Current.CancellationToken), out _);

    /// <summary>Makes pods, one after the other on each of several lines, until told to stop; gives how many, and what became of those that were refused.</summary>
    public async Task<(int Made, IReadOnlyCollection<string> Refused)> StreamAsync(CancellationToken stop)
    {
        var refused = new ConcurrentQueue<string>();
        var made = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                // A dry run is admitted like any other, and leaves nothing behind.
                var answer = await _area.Cluster.Calls.CreateAsync(TestPods.Naming("imagenet", _nameSpace, "streamed"), ApiCalls.DryRun);
                Interlocked.Increment(ref made);
                if (answer.Code != 201)
                    refused.Enqueue($"{TimeProvider.System.GetUtcNow():O} {answer}");
                await Task.Delay(20, CancellationToken.None);
            }
        }));
        return (made, refused);
    }

    public async ValueTask DisposeAsync()
    {
        await _port.DisposeAsync();
        foreach (var replica in _replicas)
            await replica.DisposeAsync();
        _http.Dispose();
    }

    private async Task RemoveAsync(WebhookProgram replica)
    {
        _port.Remove(replica);
        _replicas.Remove(replica);
        await replica.DisposeAsync();
    }

    private async Task PrepareAsync(string host)
    {
        string[] names = [$"{Service}.{_nameSpace}.svc", $"{Service}.{_nameSpace}.svc.cluster.local", $"{Service}.{_nameSpace}"];
        await _area.MakeAsync(Json.Parse($$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"{{{Secret.Name}}}","namespace":"{{{_nameSpace}}}"},"type":"Opaque"}"""));
        var secret = await _area.Cluster.Client.GetAsync(Secret, TestContext.Current.CancellationToken);
        await _area.Cluster.Client.UpdateAsync(Secret, AgingCertificates.Make(names, TimeProvider.System.GetUtcNow()).WriteInto(secret), TestContext.Current.CancellationToken);
        foreach (var item in InstalledManifests.Service(_nameSpace, Service, host, _port.Port))
            await _area.MakeAsync(item);
        await _area.MakeAsync(InstalledManifests.CallingService("MutatingWebhookConfiguration", _area.Suffix, _nameSpace, Service, _port.Port));
    }
}
