namespace Sluice.Api;

/// <summary>A named remote dataset that pods of its namespace, and of those it is shared with, may mount.</summary>
public sealed class Dataset : Resource<DatasetSpec>
{
    public DatasetStatus? Status { get; set; }
}

public sealed class DatasetSpec
{
    public DatasetSource Source { get => field ??= new(); set; }

    /// <summary>A Runtime of the same namespace (cache workers). At most one of <see cref="Runtime"/> and <see cref="Profile"/>.</summary>
    public string? Runtime { get; set; }

    /// <summary>A RuntimeProfile, without cache workers. Neither: the profile is picked by the source's scheme.</summary>
    public string? Profile { get; set; }

    /// <summary>Default: ReadOnlyMany alone. ReadWriteMany allows <c>:rw</c>.</summary>
    public List<AccessMode> AccessModes { get => field ??= []; set; }

    /// <summary>Where the label form mounts it; default <c>/datasets/NAME</c>.</summary>
    public string? MountPath { get; set; }
    public DatasetClaim? Claim { get; set; }

    /// <summary>Other namespaces that may mount it; nobody by default.</summary>
    public List<DatasetSharing> Sharing { get => field ??= []; set; }
    public DatasetIdentity Identity { get => field ??= new(); set; }
    public FuseOverrides Fuse { get => field ??= new(); set; }
    public DatasetConsistency Consistency { get => field ??= new(); set; }
    public StartWhen StartWhen { get; set; }

    /// <summary>Default 10m; 0 waits for ever.</summary>
    public Duration? StartWhenTimeout { get; set; }
}

public sealed class DatasetSource
{
    /// <summary><c>scheme://host/path</c>; the scheme picks the profile when none is named.</summary>
    public string Uri { get => field; set => field = value ?? ""; } = "";

    /// <summary>Values for options that the profile declares; a closed list.</summary>
    public Dictionary<string, string> Options { get => field ??= []; set; }

    /// <summary>A Secret of the Dataset's own namespace.</summary>
    public SecretReference? SecretRef { get; set; }
}

public sealed class SecretReference
{
    public string Name { get => field; set => field = value ?? ""; } = "";
}

public enum AccessMode
{
    ReadOnlyMany,
    ReadWriteMany,
}

public sealed class DatasetClaim
{
    public string Name { get => field; set => field = value ?? ""; } = "";
}

public sealed class DatasetSharing
{
    /// <summary>Namespaces by their labels; absent selects none, <c>{}</c> all.</summary>
    public LabelSelector? NamespaceSelector { get; set; }

    /// <summary>Most that these namespaces get; never more than <see cref="DatasetSpec.AccessModes"/>.</summary>
    public Access Access { get; set; }
}

public enum Access
{
    ReadOnly,
    ReadWrite,
}

public sealed class DatasetIdentity
{
    public string? ServiceAccountName { get; set; }

    /// <summary>A projected token of this audience is given to the client; must be in the consumer's allowedAudiences.</summary>
    public string? TokenAudience { get; set; }
}

public sealed class FuseOverrides
{
    public ResourceRequirements Resources { get => field ??= new(); set; }
    public Dictionary<string, string> Options { get => field ??= []; set; }
}

public sealed class DatasetConsistency
{
    public ConsistencyMode Mode { get; set; }

    /// <summary>Default 1m; only with Revalidate.</summary>
    public Duration? MaxAge { get; set; }
}

public enum ConsistencyMode
{
    /// <summary>Cached bytes are never checked again: publish new data under new names.</summary>
    Immutable,

    /// <summary>Cached bytes older than maxAge are checked with the source before use.</summary>
    Revalidate,
}

/// <summary>Until when pods that mount the Dataset are held by a scheduling gate.</summary>
public enum StartWhen
{
    Anytime,
    CacheReady,
    Loaded,
}

public sealed class DatasetStatus
{
    public long? ObservedGeneration { get; set; }
    public string? Phase { get; set; }
    public string? Profile { get; set; }
    public long? Consumers { get; set; }
    public List<DatasetConsumers> MountedBy { get => field ??= []; set; }
    public DatasetCacheStatus? Cache { get; set; }
    public LastLoad? LastLoad { get; set; }
    public List<Condition> Conditions { get => field ??= []; set; }
}

public sealed class DatasetConsumers
{
    public string Namespace { get => field; set => field = value ?? ""; } = "";
    public long Pods { get; set; }
}

public sealed class DatasetCacheStatus
{
    /// <summary>ready/wanted.</summary>
    public string? Workers { get; set; }
    public Quantity? Capacity { get; set; }
    public Quantity? Used { get; set; }
    public Quantity? Fetched { get; set; }
    public Quantity? Served { get; set; }
    public DateTimeOffset? AsOf { get; set; }
}

public sealed class LastLoad
{
    public string Name { get => field; set => field = value ?? ""; } = "";
    public string? Result { get; set; }
    public long? Bytes { get; set; }
    public long? Files { get; set; }
    public DateTimeOffset? FinishedAt { get; set; }
}
