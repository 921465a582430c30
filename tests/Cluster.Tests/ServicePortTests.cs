using System.Net;
using Sluice.Testing.Golden;
using Sluice.Testing.Processes;

namespace Sluice.Cluster.Tests;

/// <summary>The stand-in for a Service, in front of the real program on a catalog of files.</summary>
public sealed class ServicePortTests : IDisposable
{
    private readonly string _catalog = Directory.CreateTempSubdirectory("sluice-service-").FullName;

    [Fact]
    public async Task Replicas_are_replaced_behind_it_and_no_request_fails()
    {
        GoldenCatalog.CopyTo(_catalog);
        await using var service = new ServicePort();
        service.Start();
        await using var first = await ReplicaAsync(service);
        using var stop = new CancellationTokenSource();
        var requests = RequestsAsync(new UriBuilder("https", "127.0.0.1", service.Port).Uri, stop.Token);
        await using var second = await ReplicaAsync(service);
        await first.StopAsync();
        service.Remove(first);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        Assert.InRange(await requests, 10, int.MaxValue);
        Assert.Equal([second], service.Ready);
    }

    [Fact]
    public async Task Without_a_replica_a_connection_is_closed()
    {
        await using var service = new ServicePort();
        service.Start();
        using var client = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new UriBuilder("http", "127.0.0.1", service.Port).Uri, TestContext.Current.CancellationToken));
    }

    public void Dispose() => Directory.Delete(_catalog, recursive: true);

    private async Task<WebhookProgram> ReplicaAsync(ServicePort service)
    {
        var replica = await WebhookProgram.ListenAsync(
            TestContext.Current.CancellationToken, "--catalog", _catalog, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--shutdown-delay", "2s");
        service.Add(replica);
        await Eventually.Async(TimeSpan.FromMinutes(1), () => Task.FromResult(service.Ready.Contains(replica) ? null : "the replica is not ready"));
        return replica;
    }

    /// <summary>As an API server sends them: HTTP/1.1 over connections that are kept.</summary>
    private static async Task<int> RequestsAsync(Uri address, CancellationToken stop)
    {
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null } });
        var answered = 0;
        while (!stop.IsCancellationRequested)
        {
            using var response = await client.GetAsync(new Uri(address, "/healthz"), CancellationToken.None);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            answered++;
            await Task.Delay(10, CancellationToken.None);
        }
        return answered;
    }
}
