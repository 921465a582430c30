namespace Sluice.Api;

/// <summary>Reads a Dataset, or a part of it, into its cache before pods need it: now, on events, or by schedule.</summary>
public sealed class DataLoad : Resource<DataLoadSpec>
{
    public DataLoadStatus? Status { get; set; }
}

public sealed class DataLoadSpec
{
    public string Dataset { get => field; set => field = value ?? ""; } = "";

    /// <summary>Below the source: directory, file or glob; default everything. At most 100.</summary>
    public List<string> Paths { get => field ??= []; set; }

    /// <summary>Default: Create alone.</summary>
    public List<LoadTrigger> RunOn { get => field ??= []; set; }

    /// <summary>Cron, five fields.</summary>
    public string? Schedule { get; set; }
    public string? TimeZone { get; set; }
    public bool Suspend { get; set; }

    /// <summary>Pods, 1 to 64; default 1.</summary>
    public int? Parallelism { get; set; }

    /// <summary>Files read at once in a pod, 1 to 64; default 8.</summary>
    public int? Threads { get; set; }

    /// <summary>Per index; default 3.</summary>
    public int? Retries { get; set; }
    public long? DeadlineSeconds { get; set; }
    public long? TtlSecondsAfterFinished { get; set; }
    public ResourceRequirements Resources { get => field ??= new(); set; }
    public Dictionary<string, string> NodeSelector { get => field ??= []; set; }
    public List<Toleration> Tolerations { get => field ??= []; set; }
}

public enum LoadTrigger
{
    Create,
    SourceChange,
    Wake,
}

public sealed class DataLoadStatus
{
    public long? ObservedGeneration { get; set; }
    public string? Phase { get; set; }
    public LoadRun? Run { get; set; }
    public List<LoadResult> History { get => field ??= []; set; }
    public DateTimeOffset? NextRun { get; set; }
    public List<Condition> Conditions { get => field ??= []; set; }
}

public sealed class LoadRun
{
    public string? Trigger { get; set; }
    public string? Job { get; set; }
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>Per cent.</summary>
    public int? Progress { get; set; }
    public long? BytesDone { get; set; }
    public long? BytesTotal { get; set; }
    public long? FilesDone { get; set; }
    public long? FilesTotal { get; set; }
    public long? Failed { get; set; }
    public long? BytesPerSecond { get; set; }
    public long? EtaSeconds { get; set; }
}

public sealed class LoadResult
{
    public string? Trigger { get; set; }
    public string? Result { get; set; }
    public long? Seconds { get; set; }
    public long? Bytes { get; set; }
    public long? Files { get; set; }
}
