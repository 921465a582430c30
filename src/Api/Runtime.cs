namespace Sluice.Api;

/// <summary>A cache in front of one Dataset of its namespace: masters and workers of the engine its profile describes.</summary>
public sealed class Runtime : Resource<RuntimeSpec>
{
    public RuntimeStatus? Status { get; set; }
}

public sealed class RuntimeSpec
{
    public string Profile { get => field; set => field = value ?? ""; } = "";

    /// <summary>Workers while awake. Default 1; 0 is real and kept.</summary>
    public int? Replicas { get; set; }

    /// <summary>Size of the workers' ring, 1 to 64; default 16.</summary>
    public int? MaxReplicas { get; set; }
    public Dictionary<string, string> Options { get => field ??= []; set; }
    public RuntimeMaster Master { get => field ??= new(); set; }
    public RuntimeWorker Worker { get => field ??= new(); set; }
    public FuseOverrides Fuse { get => field ??= new(); set; }
    public RuntimeIdle? Idle { get; set; }
}

public sealed class RuntimeMaster
{
    public int? Replicas { get; set; }
    public ResourceRequirements Resources { get => field ??= new(); set; }
    public Dictionary<string, string> NodeSelector { get => field ??= []; set; }
    public List<Toleration> Tolerations { get => field ??= []; set; }
    public PodMetadata PodMetadata { get => field ??= new(); set; }
}

public sealed class RuntimeWorker
{
    public ResourceRequirements Resources { get => field ??= new(); set; }
    public RuntimeStorage? Storage { get; set; }
    public Dictionary<string, string> NodeSelector { get => field ??= []; set; }
    public List<Toleration> Tolerations { get => field ??= []; set; }
    public WorkerSpread Spread { get; set; }
    public PodMetadata PodMetadata { get => field ??= new(); set; }

    /// <summary>How long a profile's drain may take before a worker goes anyway; default 600.</summary>
    public int? DrainTimeoutSeconds { get; set; }
}

public sealed class RuntimeStorage
{
    public StorageMedium Medium { get; set; }
    public Quantity? Size { get; set; }
    public string? StorageClassName { get; set; }
    public bool RetainWhenScaled { get; set; }
}

public enum StorageMedium
{
    Disk,
    Memory,
}

public enum WorkerSpread
{
    /// <summary>Hard: one worker a node.</summary>
    Node,

    /// <summary>Soft.</summary>
    Zone,
    None,
}

public sealed class PodMetadata
{
    public Dictionary<string, string> Labels { get => field ??= []; set; }
    public Dictionary<string, string> Annotations { get => field ??= []; set; }
}

/// <summary>core/v1 Toleration.</summary>
public sealed class Toleration
{
    public string? Key { get; set; }
    public string? Operator { get; set; }
    public string? Value { get; set; }
    public string? Effect { get; set; }
    public long? TolerationSeconds { get; set; }
}

public sealed class RuntimeIdle
{
    /// <summary>Absent: never. At least 1m.</summary>
    public Duration? ScaleToZeroAfter { get; set; }
    public IdleWhen When { get; set; }
}

public enum IdleWhen
{
    NoPods,
    NoReads,
}

public sealed class RuntimeStatus
{
    public long? ObservedGeneration { get; set; }
    public string? Dataset { get; set; }
    public int? Replicas { get; set; }
    public int? ReadyReplicas { get; set; }
    public int? DesiredReplicas { get; set; }
    public string? Selector { get; set; }
    public string? Endpoint { get; set; }

    /// <summary>Nodes of ready workers, sorted, at most 50: pods of the Dataset prefer them.</summary>
    public List<string> Nodes { get => field ??= []; set; }
    public long? Consumers { get; set; }
    public DateTimeOffset? IdleSince { get; set; }
    public LastWake? LastWake { get; set; }
    public long? Wakes { get; set; }
    public Dictionary<string, AppliedChild> Applied { get => field ??= []; set; }
    public List<Condition> Conditions { get => field ??= []; set; }
}

public sealed class LastWake
{
    public DateTimeOffset? At { get; set; }
    public string? Reason { get; set; }
    public long? ReadyAfterSeconds { get; set; }
}

public sealed class AppliedChild
{
    public string? Hash { get; set; }
    public long? Generation { get; set; }
}
