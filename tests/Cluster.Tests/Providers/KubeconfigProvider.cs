namespace Sluice.Cluster.Tests.Providers;

/// <summary>A cluster that is there already. Definitions of Sluice must not be: these tests install and remove them.</summary>
/// <param name="kubeconfig">Its current context is used.</param>
/// <param name="host">Under which its API server reaches this process; null: not at all.</param>
internal sealed class KubeconfigProvider(string kubeconfig, string? host) : IClusterProvider
{
    public string Name => $"the cluster of {kubeconfig}";
    public string? Host => host;

    public Task<string> StartAsync(CancellationToken token) => Task.FromResult(kubeconfig);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
