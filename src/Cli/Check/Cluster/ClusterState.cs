using System.Text.Json;
using Sluice.Api;

namespace Sluice.Cli.Check;

/// <summary>Everything that was read of a cluster, each part by itself: whoever may not see one part can still check the others.</summary>
internal sealed record ClusterState
{
    /// <summary>When it was read.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>What the API server says of itself.</summary>
    public required Reading<JsonElement> Version { get; init; }

    /// <summary>The definitions of our kinds that are there.</summary>
    public required Reading<IReadOnlyList<Definition>> Definitions { get; init; }

    /// <summary>Null when there is none.</summary>
    public required Reading<WebhookConfiguration?> Mutating { get; init; }

    /// <summary>Null when there is none.</summary>
    public required Reading<WebhookConfiguration?> Validating { get; init; }

    /// <summary>Null when there is none.</summary>
    public required Reading<WebhookDeployment?> Deployment { get; init; }

    /// <summary>Null when certificates come from no Secret.</summary>
    public required Reading<ServingSecret?> Certificate { get; init; }
    public required Reading<IReadOnlyList<RightAnswer>> Rights { get; init; }
    public required Reading<IReadOnlyList<Namespace>> Namespaces { get; init; }
    public required Reading<CatalogObjects> Objects { get; init; }
    public required Reading<IReadOnlyList<Node>> Nodes { get; init; }
    public required Reading<IReadOnlyList<MounterPod>> Mounters { get; init; }

    /// <summary>Names of the nodes whose kubelet knows our CSI driver.</summary>
    public required Reading<IReadOnlySet<string>> DriverNodes { get; init; }
    public required Reading<IReadOnlyList<LimitRange>> LimitRanges { get; init; }

    /// <summary>Of <see cref="Objects"/> and <see cref="Namespaces"/>.</summary>
    public required Reading<Tenancy> Tenancy { get; init; }
    public required Reading<AdmissionAnswer> Admission { get; init; }
}
