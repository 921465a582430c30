namespace Sluice.Cluster.Tests.Providers;

/// <summary>A way to a real API server, and back from it to this process. Dispose ends and removes what was started.</summary>
internal interface IClusterProvider : IAsyncDisposable
{
    /// <summary>As messages name it.</summary>
    string Name { get; }

    /// <summary>
    /// The host under which the API server reaches this process, for <c>clientConfig.url</c>; null when it cannot. Only after the start.
    /// </summary>
    string? Host { get; }

    /// <summary>Starts what has to be started; gives the path of a kubeconfig whose user may do everything.</summary>
    Task<string> StartAsync(CancellationToken token);
}
