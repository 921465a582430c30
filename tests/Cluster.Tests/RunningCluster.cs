using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Cluster.Tests.Providers;
using Sluice.Kube;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests;

/// <summary>A real API server that knows our kinds. Dispose takes them away again, and everything of those kinds with them.</summary>
internal sealed class RunningCluster : IAsyncDisposable
{
    private static readonly TimeSpan EstablishTimeout = TimeSpan.FromSeconds(30);

    private readonly IClusterProvider _provider;
    private readonly List<ApiObject> _definitions = [];

    private RunningCluster(IClusterProvider provider, string kubeconfig, ClusterAccess access)
    {
        _provider = provider;
        Kubeconfig = kubeconfig;
        Access = access;
        Client = new ApiClient(access, new ApiClientOptions { UserAgent = "sluice-tests" }, TimeProvider.System);
        Calls = new ApiCalls(access);
    }

    /// <summary>The path of a file.</summary>
    public string Kubeconfig { get; }
    public ClusterAccess Access { get; }
    public ApiClient Client { get; }

    /// <summary>For what <see cref="Client"/> does not show: refusals as values, warnings, dry runs, tables.</summary>
    public ApiCalls Calls { get; }

    /// <summary>Of Kubernetes 1.</summary>
    public int Minor { get; private set; }

    public static async Task<RunningCluster> StartAsync(IClusterProvider provider)
    {
        try
        {
            // Not the token of the test that happened to be the first.
            var kubeconfig = await provider.StartAsync(CancellationToken.None);
            var access = await KubeconfigAccess.OpenAsync(new FileInfo(kubeconfig), null, CancellationToken.None);
            var cluster = new RunningCluster(provider, kubeconfig, access);
            await cluster.InstallAsync();
            return cluster;
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }

    /// <summary>The host under which the API server reaches this process; skips the test when it does not.</summary>
    public string Host()
    {
        Assert.SkipWhen(_provider.Host is null, $"{_provider.Name} does not reach this process: set {ProviderChoice.HostVariable} to the address under which its API server does");
        return _provider.Host!;
    }

    /// <summary>The API server as a process of ours; skips the test where it is none.</summary>
    public ControlPlaneProvider ControlPlane()
    {
        Assert.SkipUnless(_provider is ControlPlaneProvider, $"{_provider.Name} is not restarted by tests: only one of the envtest binaries is");
        return (ControlPlaneProvider)_provider;
    }

    /// <summary>Skips the test on older servers.</summary>
    public void NeedsKubernetes(int minor, string what) => Assert.SkipWhen(Minor < minor, string.Create(CultureInfo.InvariantCulture, $"{what} came with Kubernetes 1.{minor}, and this is 1.{Minor}"));

    /// <summary>Server-side apply of a whole object.</summary>
    public Task<JsonElement> ApplyAsync(JsonObject item) => Client.ApplyAsync(Kinds.Target(item), Json.Bytes(item), "sluice-tests", force: true, TestContext.Current.CancellationToken);

    /// <summary>Deletes what may be gone already.</summary>
    public async Task DeleteAsync(ApiObject target)
    {
        try
        {
            await Client.DeleteAsync(target, default, CancellationToken.None);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // Gone already.
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var definition in _definitions)
            await DeleteAsync(definition);
        Calls.Dispose();
        Client.Dispose();
        await _provider.DisposeAsync();
    }

    private async Task InstallAsync()
    {
        var version = await Client.VersionAsync(CancellationToken.None);
        // "33", or "33+" where a vendor has changed something.
        Minor = int.Parse(version.GetProperty("minor").GetString()!.TrimEnd('+'), CultureInfo.InvariantCulture);
        var definitions = Kustomization.Render("").Where(i => Yaml.Text(i["kind"]) == "CustomResourceDefinition").ToList();
        foreach (var definition in definitions)
        {
            if (await Client.TryGetAsync(Kinds.Target(definition), CancellationToken.None) is not null)
                throw new InvalidOperationException($"{_provider.Name} has {Yaml.FullName(definition)} already. These tests install the definitions of Sluice and remove them with everything that is theirs: give them a cluster without Sluice.");
        }
        foreach (var definition in definitions)
        {
            _definitions.Add(Kinds.Target(definition));
            await Client.ApplyAsync(Kinds.Target(definition), Json.Bytes(definition), "sluice-tests", force: true, CancellationToken.None);
        }
        foreach (var definition in _definitions)
            await Eventually.Async(EstablishTimeout, () => IsEstablishedAsync(definition));
        // Established, and served by the handler of this very server a moment later.
        foreach (var kind in Kinds.Ours)
            await Eventually.Async(EstablishTimeout, async () => await Calls.GetAsync(kind.CollectionPath(null)) is { Code: not 200 } refused ? refused.ToString() : null);
    }

    private async Task<string?> IsEstablishedAsync(ApiObject definition)
    {
        var item = await Client.GetAsync(definition, CancellationToken.None);
        return item.TryGetProperty("status"u8, out var status) && status.TryGetProperty("conditions"u8, out var conditions)
            && conditions.EnumerateArray().Any(c => c.GetProperty("type").GetString() == "Established" && c.GetProperty("status").GetString() == "True")
            ? null
            : $"{definition} is not established: {item}";
    }
}
