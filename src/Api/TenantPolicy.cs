namespace Sluice.Api;

/// <summary>
/// What the pods of the selected namespaces may ask for. Policies are judged one by one; Deny policies narrow together. A
/// field that a policy leaves out is no opinion: what the built-in default forbids (Shared, tokens, lifted limits, more
/// than eight datasets) needs one Deny policy that allows it, and none that speaks against it.
/// </summary>
public sealed class TenantPolicy : Resource<TenantPolicySpec>
{
    public TenantPolicyStatus? Status { get; set; }
}

public sealed class TenantPolicySpec
{
    /// <summary>Namespaces by their labels; absent selects none, <c>{}</c> all.</summary>
    public LabelSelector? NamespaceSelector { get; set; }
    public PolicyAction Action { get; set; }

    /// <summary>Decides only whose sidecar defaults and message come first: the higher, then the name.</summary>
    public int Priority { get; set; }

    /// <summary>Added to every message of this policy: whom to ask.</summary>
    public string? Message { get; set; }
    public PolicyDatasets Datasets { get => field ??= new(); set; }

    /// <summary>No policy says: 8.</summary>
    public int? MaxDatasetsPerPod { get; set; }

    /// <summary>Whether <c>sluice.io/inject: "false"</c> is allowed; default true.</summary>
    public bool? AllowOptOut { get; set; }

    /// <summary>Whether writable mounts may lengthen terminationGracePeriodSeconds; default true.</summary>
    public bool? AllowGracePeriodExtension { get; set; }
    public PolicySidecar Sidecar { get => field ??= new(); set; }

    /// <summary>Whether a limit of <c>0</c> (none) is honoured; no policy says: not.</summary>
    public bool? AllowUnlimited { get; set; }

    /// <summary>Names or globs; absent allows all.</summary>
    public List<string>? AllowedProfiles { get; set; }

    /// <summary>Globs over the sidecar's image, and what a registry mirror may rewrite it to; no policy says: the profile's own alone.</summary>
    public List<string>? AllowedImages { get; set; }

    /// <summary>No policy says: Csi alone.</summary>
    public List<Delivery>? AllowedDeliveries { get; set; }

    /// <summary>Names or globs of ServiceAccounts, beside <c>default</c> and the Dataset's own in its namespace; no policy says: none.</summary>
    public List<string>? AllowedServiceAccounts { get; set; }

    /// <summary>Audiences of projected tokens; no policy says: none.</summary>
    public List<string>? AllowedAudiences { get; set; }

    /// <summary>Globs over the host (or host:port) that a Dataset's source or endpoint options name; absent allows all.</summary>
    public List<string>? AllowedEndpoints { get; set; }

    /// <summary>Which pod annotations may tune: <c>containers</c>, <c>sidecar-resources</c>, <c>delivery</c>; absent allows all.</summary>
    public List<PodOverride>? AllowPodOverrides { get; set; }
}

public sealed class TenantPolicyStatus
{
    public long? ObservedGeneration { get; set; }
    public long? Namespaces { get; set; }
    public List<Condition> Conditions { get => field ??= []; set; }
}

public enum PolicyAction
{
    Deny,
    Warn,
    Audit,
}

public sealed class PolicyDatasets
{
    /// <summary>Absent allows what sharing allows; <c>[]</c> allows nothing.</summary>
    public List<AllowedDatasets>? Allow { get; set; }

    /// <summary><c>namespace/name</c>: every pod of the namespace that comes here must have them.</summary>
    public List<string> Require { get => field ??= []; set; }
}

public sealed class AllowedDatasets
{
    /// <summary>Name or glob of the Dataset's namespace; absent: the pod's own.</summary>
    public string? Namespace { get; set; }

    /// <summary>Names or globs; absent allows all of the namespace.</summary>
    public List<string> Names { get => field ??= []; set; }
    public Access Access { get; set; }
}

public sealed class PolicySidecar
{
    public ResourceRequirements Default { get => field ??= new(); set; }
    public ResourceRequirements Min { get => field ??= new(); set; }
    public ResourceRequirements Max { get => field ??= new(); set; }
}

/// <summary>How data reaches a pod.</summary>
public enum Delivery
{
    /// <summary>The node's mounter mounts; the sidecar is unprivileged.</summary>
    Csi,

    /// <summary>A privileged sidecar mounts by itself: for nodes where no DaemonSet may run.</summary>
    Shared,
}

public enum PodOverride
{
    [System.Text.Json.Serialization.JsonStringEnumMemberName("containers")]
    Containers,
    [System.Text.Json.Serialization.JsonStringEnumMemberName("sidecar-resources")]
    SidecarResources,
    [System.Text.Json.Serialization.JsonStringEnumMemberName("delivery")]
    Delivery,
}
