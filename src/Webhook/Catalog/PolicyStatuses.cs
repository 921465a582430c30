using System.Globalization;
using System.Text;
using Sluice.Api;
using Sluice.Injection;
using Sluice.Kube;

namespace Sluice.Webhook;

/// <summary>
/// Writes into each TenantPolicy's status how many namespaces it selects, for <c>kubectl get tenantpolicies</c>. Every replica would
/// write the same: each waits for a while of its own, and whoever comes first leaves the others nothing to do.
/// </summary>
internal sealed class PolicyStatuses(ClusterAccess cluster, CatalogState state, TimeProvider time, ILogger<PolicyStatuses> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(2); // what a burst of namespaces is waited for
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(6); // arbitrary: the longer, the fewer replicas write at once
    private static readonly ApiResource Policies = new(Names.Group, Names.Version, "tenantpolicies", Namespaced: false);

    private readonly ApiClient _client = new(cluster, new ApiClientOptions { UserAgent = BuildInfo.UserAgent }, time);
    private Catalog _written = Catalog.Empty; // the loop's: of this one every status was right, or written

    public override void Dispose()
    {
        _client.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
#pragma warning disable CA5394 // Spreads replicas; nobody gains by guessing it.
                await Task.Delay(ShortestPause + ((LongestPause - ShortestPause) * Random.Shared.NextDouble()), time, stoppingToken);
#pragma warning restore CA5394
                var catalog = state.Current;
                if (!catalog.SelectsAs(_written) && await WriteAllAsync(catalog, stoppingToken))
                    _written = catalog;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    /// <summary>Whether every status is as it should be.</summary>
    private async Task<bool> WriteAllAsync(Catalog catalog, CancellationToken token)
    {
        var complete = true;
        foreach (var policy in catalog.Policies)
        {
            var namespaces = catalog.CountNamespaces(policy.Spec.NamespaceSelector);
            if (policy.Status is { } status && status.Namespaces == namespaces && status.ObservedGeneration == policy.Metadata.Generation)
                continue;
            try
            {
                await _client.MergePatchAsync(Policies.Object(null, policy.Metadata.Name).Status, StatusOf(namespaces, policy.Metadata.Generation), token);
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                // Gone meanwhile.
            }
            catch (ApiException e) when (!token.IsCancellationRequested)
            {
                // Open: the number is for people alone. Tried again with the next look.
                Log.PolicyStatusNotWritten(logger, AdmissionResponse.OneLine(e.Message, 1024));
                complete = false;
            }
        }
        return complete;
    }

    private static byte[] StatusOf(int namespaces, long? generation) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{{\"status\":{{\"namespaces\":{namespaces},\"observedGeneration\":{generation ?? 0}}}}}"));
}
