using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sluice.Testing.Processes;

namespace Sluice.Cluster.Tests.Providers;

/// <summary>
/// kube-apiserver and etcd alone, from the binaries of envtest: no controllers, no scheduler, no nodes. What those would do, such as a
/// quota's status, the tests do themselves.
/// </summary>
internal sealed class ControlPlaneProvider(string assets) : IClusterProvider
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("sluice-control-plane-").FullName;
    private readonly int _port = FreePort();
    private readonly int _etcdPort = FreePort();
    private readonly int _etcdPeerPort = FreePort();
    private ServerProcess? _etcd;
    private ServerProcess? _apiServer;

    public string Name => $"{ControlPlaneFlags.ApiServer} of {assets}";
    public string Host => "127.0.0.1";

    public async Task<string> StartAsync(CancellationToken token)
    {
        ControlPlaneCertificates.Write(_directory, _port);
        _etcd = ServerProcess.Start(Path.Combine(assets, ControlPlaneFlags.Etcd), ControlPlaneFlags.ForEtcd(_directory, _etcdPort, _etcdPeerPort));
        using (var client = new HttpClient())
            await AwaitAsync(_etcd, client, new Uri($"{ControlPlaneFlags.Loopback("http", _etcdPort)}/health"), token);
        await StartApiServerAsync(token);
        return Path.Combine(_directory, ControlPlaneCertificates.KubeconfigFile);
    }

    /// <summary>The API server goes; what it knew is in etcd.</summary>
    public Task StopApiServerAsync() => _apiServer!.StopAsync();

    /// <summary>An API server at the same address, with the same memory.</summary>
    public async Task StartApiServerAsync(CancellationToken token)
    {
        if (_apiServer is not null)
            await _apiServer.DisposeAsync();
        _apiServer = ServerProcess.Start(Path.Combine(assets, ControlPlaneFlags.ApiServer), ControlPlaneFlags.ForApiServer(_directory, _port, _etcdPort));
        var access = await Kube.KubeconfigAccess.OpenAsync(new FileInfo(Path.Combine(_directory, ControlPlaneCertificates.KubeconfigFile)), null, token);
        using var client = new HttpClient(access.CreateHandler());
        await AwaitAsync(_apiServer, client, new Uri($"{ControlPlaneFlags.Loopback("https", _port)}/readyz"), token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_apiServer is not null)
            await _apiServer.DisposeAsync();
        if (_etcd is not null)
            await _etcd.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task AwaitAsync(ServerProcess process, HttpClient client, Uri page, CancellationToken token)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await IsOkAsync(client, page, token))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(started) > StartTimeout)
                throw new InvalidOperationException($"{page} does not answer. The program {(process.HasExited ? "ended" : "runs")} and said:\n{process.Said}");
            await Task.Delay(200, token);
        }
    }

    private static async Task<bool> IsOkAsync(HttpClient client, Uri page, CancellationToken token)
    {
        try
        {
            using var response = await client.GetAsync(page, token);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Free now; somebody else could take it before the program does.</summary>
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
