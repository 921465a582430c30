using Sluice.Cluster.Tests;
using Sluice.Cluster.Tests.Providers;

[assembly: AssemblyFixture(typeof(TestCluster))]

namespace Sluice.Cluster.Tests;

/// <summary>The one API server of the assembly. It is started by the first test that asks for it, and ended behind the last.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly IClusterProvider? _provider; // null: the one that is chosen
    private Task<RunningCluster>? _started; // guarded by _gate

    public TestCluster()
    {
    }

    internal TestCluster(IClusterProvider provider) => _provider = provider;

    /// <summary>The cluster with our definitions in it; skips the test where there is none to be had.</summary>
    internal async Task<RunningCluster> StartedAsync()
    {
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            // Once: what failed to start fails every test, and does not cost each of them the time of another attempt.
            _started ??= StartAsync();
        }
        finally
        {
            _gate.Release();
        }
        return await _started;
    }

    private async Task<RunningCluster> StartAsync()
    {
        if (_provider is not null)
            return await RunningCluster.StartAsync(_provider);
        var (provider, missing) = ProviderChoice.Choose(ProviderEnvironment.Here);
        Assert.SkipWhen(provider is null, missing);
        return await RunningCluster.StartAsync(provider!);
    }

    public async ValueTask DisposeAsync()
    {
        if (_started is { IsCompletedSuccessfully: true })
            await (await _started).DisposeAsync();
        _gate.Dispose();
    }
}
