using System.Collections.Immutable;

namespace Sluice.Injection;

/// <summary>What the administrator of the webhook chooses, as opposed to what the cluster's objects say.</summary>
public sealed record InjectionSettings
{
    public static InjectionSettings Default { get; } = new();

    /// <summary>
    /// Native sidecars and setup containers of service meshes. They stay before our sidecars, since data may come over the
    /// mesh, and get no data themselves.
    /// </summary>
    public ImmutableArray<string> MeshContainers { get; init; } =
    [
        "istio-init", "istio-validation", "istio-proxy",
        "linkerd-init", "linkerd-network-validator", "linkerd-proxy",
    ];

    /// <summary>Mesh proxies: the ones that carry traffic, so that as ordinary containers they start too late.</summary>
    public ImmutableArray<string> MeshProxies { get; init; } = ["istio-proxy", "linkerd-proxy"];

    /// <summary>Globs over <c>runtimeClassName</c> whose sandboxes do not pass descriptors or mounts on.</summary>
    public ImmutableArray<string> UnsupportedRuntimeClasses { get; init; } = ["gvisor*", "runsc*", "kata*"];

    /// <summary>Our image, for the init container that brings the relay under the Shared delivery.</summary>
    public string RelayImage { get; init; } = "ghcr.io/sluice-io/sluice-relay:0.1.0";

    /// <summary>The cluster's DNS domain, for endpoints of caches.</summary>
    public string ClusterDomain { get; init; } = "cluster.local";
}
