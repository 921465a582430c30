using Testcontainers.K3s;

namespace Sluice.Cluster.Tests.Providers;

/// <summary>K3s in a container. Its API server reaches this process by the gateway of the container's network, which is this machine.</summary>
internal sealed class K3sProvider(string image) : IClusterProvider
{
    private readonly string _kubeconfig = Path.Combine(Directory.CreateTempSubdirectory("sluice-k3s-").FullName, "kubeconfig");
    private K3sContainer? _container;

    public string Name => $"K3s ({image})";
    public string? Host { get; private set; }

    public async Task<string> StartAsync(CancellationToken token)
    {
        _container = new K3sBuilder(image).Build();
        await _container.StartAsync(token);
        await File.WriteAllTextAsync(_kubeconfig, await _container.GetKubeconfigAsync(), token);
        var routes = await _container.ExecAsync(["cat", "/proc/net/route"], token);
        Host = RouteTable.Gateway(routes.Stdout)?.ToString();
        return _kubeconfig;
    }

    public async ValueTask DisposeAsync()
    {
        if (_container is not null)
            await _container.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(_kubeconfig)!, recursive: true);
    }
}
