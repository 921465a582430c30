using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Api;

/// <summary>How one FUSE client, and the cache engine behind it if there is one, is run: as data, by platform engineers.</summary>
public sealed class RuntimeProfile : Resource<RuntimeProfileSpec>;

public sealed class RuntimeProfileSpec
{
    /// <summary>URI schemes that pick this profile when a Dataset names none. Among several the name first in order wins.</summary>
    public List<string> Schemes { get => field ??= []; set; }

    /// <summary>Values for <c>${scheme.NAME}</c>, chosen by the source's scheme.</summary>
    public Dictionary<string, Dictionary<string, string>> SchemeVars { get => field ??= []; set; }

    /// <summary>The closed list of what Datasets and Runtimes may set.</summary>
    public Dictionary<string, ProfileOption> Options { get => field ??= []; set; }

    /// <summary>True until somebody has run it: users of it get a warning.</summary>
    public bool Experimental { get; set; }
    public AtZero AtZero { get; set; }
    public Dictionary<string, ProfileList> Lists { get => field ??= []; set; }
    public List<ProfileFile> Files { get => field ??= []; set; }
    public ProfilePart? Worker { get; set; }
    public ProfilePart? Master { get; set; }
    public ProfileSetup? Setup { get; set; }
    public ProfileCredentials Credentials { get => field ??= new(); set; }
    public ProfileNetworkPolicy? NetworkPolicy { get; set; }
    public ProfileLoad? Load { get; set; }
    public ProfileFuse Fuse { get => field ??= new(); set; }
}

public sealed class ProfileOption
{
    public OptionType Type { get; set; }

    /// <summary>Regular expression that the whole value must match, beside what the type demands.</summary>
    public string? Pattern { get; set; }

    /// <summary>Absent: unset unless somebody sets it; argv items and env that need an unset option are left out.</summary>
    public string? Default { get; set; }
    public bool Required { get; set; }

    /// <summary>The option names a host that data comes from: policies' allowedEndpoints apply.</summary>
    public bool Endpoint { get; set; }
    public string? Description { get; set; }
}

public enum OptionType
{
    [JsonStringEnumMemberName("string")]
    String,
    [JsonStringEnumMemberName("integer")]
    Integer,
    [JsonStringEnumMemberName("boolean")]
    Boolean,
    [JsonStringEnumMemberName("duration")]
    Duration,
    [JsonStringEnumMemberName("quantity")]
    Quantity,
}

/// <summary>What happens to readers when a Runtime has no workers.</summary>
public enum AtZero
{
    /// <summary>Reads still succeed, slower.</summary>
    PassThrough,

    /// <summary>Clients cannot read: pods wait for workers.</summary>
    Wait,
}

public sealed class ProfileList
{
    /// <summary><c>workers</c>: index 0 to maxReplicas - 1.</summary>
    public string Over { get => field; set => field = value ?? ""; } = "";
    public string Item { get => field; set => field = value ?? ""; } = "";
    public string Join { get => field; set => field = value ?? ""; } = "";
}

public sealed class ProfileFile
{
    public string Name { get => field; set => field = value ?? ""; } = "";
    public string Content { get => field; set => field = value ?? ""; } = "";
    public bool RestartOnChange { get; set; }
}

/// <summary>Masters or workers of a cache engine; <see cref="Template"/> is a pod template kept as raw JSON.</summary>
public sealed class ProfilePart
{
    public PartWorkload Workload { get; set; }
    public PartReplicas? Replicas { get; set; }
    public bool Serves { get; set; }
    public bool Retain { get; set; }
    public ProfileVolume? CacheVolume { get; set; }
    public ProfileVolume? Storage { get; set; }
    public JsonElement? Template { get; set; }
    public ProfileCommand? Drain { get; set; }
    public List<ProfileStatistic> Stats { get => field ??= []; set; }
}

public enum PartWorkload
{
    StatefulSet,
    Deployment,
}

public sealed class PartReplicas
{
    public int? Default { get; set; }
    public int? Min { get; set; }
    public int? Max { get; set; }
}

public sealed class ProfileVolume
{
    public string MountPath { get => field; set => field = value ?? ""; } = "";
    public Quantity? Size { get; set; }
}

public sealed class ProfileCommand
{
    public string Image { get => field; set => field = value ?? ""; } = "";
    public List<string> Command { get => field ??= []; set; }
    public int? TimeoutSeconds { get; set; }
}

public sealed class ProfileStatistic
{
    /// <summary><c>fetched</c>, <c>used</c> or <c>capacity</c>.</summary>
    public string Name { get => field; set => field = value ?? ""; } = "";
    public int Port { get; set; }
    public string Path { get => field; set => field = value ?? ""; } = "";
    public string Metric { get => field; set => field = value ?? ""; } = "";
}

public sealed class ProfileSetup
{
    public string Image { get => field; set => field = value ?? ""; } = "";
    public List<string> Command { get => field ??= []; set; }
    public CredentialsFrom Credentials { get; set; } = CredentialsFrom.None;
    public List<EnvironmentVariable> Env { get => field ??= []; set; }
}

public enum CredentialsFrom
{
    /// <summary>The Dataset's Secret and token, as <see cref="RuntimeProfileSpec.Credentials"/> says.</summary>
    Source,
    None,
}

public sealed class EnvironmentVariable
{
    public string Name { get => field; set => field = value ?? ""; } = "";

    /// <summary>Template. <c>${secret.KEY}</c> must be the whole value: it becomes a secretKeyRef, <c>${secret.KEY:-}</c> an optional one.</summary>
    public string Value { get => field; set => field = value ?? ""; } = "";
}

/// <summary>How the keys of a Dataset's Secret reach the containers that may have them.</summary>
public sealed class ProfileCredentials
{
    public List<CredentialVariable> Env { get => field ??= []; set; }
    public List<CredentialFile> Files { get => field ??= []; set; }

    /// <summary>The client can use a projected token at <c>${token.path}</c>, so <c>identity.tokenAudience</c> works with it.</summary>
    public bool Token { get; set; }
}

public sealed class CredentialVariable
{
    public string Name { get => field; set => field = value ?? ""; } = "";
    public string Key { get => field; set => field = value ?? ""; } = "";
    public bool Optional { get; set; }
}

public sealed class CredentialFile
{
    /// <summary>Relative to <c>${auth.dir}</c>.</summary>
    public string Path { get => field; set => field = value ?? ""; } = "";
    public string Key { get => field; set => field = value ?? ""; } = "";
    public bool Optional { get; set; }
}

public sealed class ProfileNetworkPolicy
{
    public List<int> Clients { get => field ??= []; set; }
    public List<int> Peers { get => field ??= []; set; }
    public List<int> Operator { get => field ??= []; set; }
}

public sealed class ProfileLoad
{
    public LoadThrough Through { get; set; }
    public string? Image { get; set; }
    public List<string> Command { get => field ??= []; set; }
    public CredentialsFrom Credentials { get; set; } = CredentialsFrom.None;
}

public enum LoadThrough
{
    Mount,
    Command,
}

/// <summary>The FUSE client of the sidecar.</summary>
public sealed class ProfileFuse
{
    public string Image { get => field; set => field = value ?? ""; } = "";

    /// <summary><c>Always</c>, <c>IfNotPresent</c> or <c>Never</c>; absent: Kubernetes' default.</summary>
    public string? PullPolicy { get; set; }
    public List<string> ImagePullSecrets { get => field ??= []; set; }

    /// <summary>Argv template; no shell. The relay puts its own path in the place of <c>${mountpoint}</c>.</summary>
    public List<string> Command { get => field ??= []; set; }
    public List<EnvironmentVariable> Env { get => field ??= []; set; }
    public CredentialsFrom Credentials { get; set; }

    /// <summary>Paths of fusermount in the image for clients that insist on calling it: our shim is mounted over them.</summary>
    public List<string> Fusermount { get => field ??= []; set; }
    public ProfileUser User { get => field ??= new(); set; }
    public ResourceRequirements Resources { get => field ??= new(); set; }

    /// <summary>Space for <c>${cache.dir}</c>; absent: no cache volume.</summary>
    public Quantity? CacheSize { get; set; }
    public StorageMedium CacheMedium { get; set; }

    /// <summary>How long the start gate waits; default 2m.</summary>
    public Duration? StartTimeout { get; set; }

    /// <summary>How long the client may take to hand written data on at the end; default 30s.</summary>
    public Duration? FlushTimeout { get; set; }

    /// <summary>How long the client may leave the relay's own question unanswered before it is replaced; absent: never.</summary>
    public Duration? HangTimeout { get; set; }
    public Durability Durability { get; set; }

    /// <summary>The client cannot write: a Dataset with ReadWriteMany may not use this profile.</summary>
    public bool ReadOnly { get; set; }

    /// <summary><c>tcp://host:port</c> that must accept a connection before the client is started.</summary>
    public List<string> WaitFor { get => field ??= []; set; }

    /// <summary>Clamp of the largest request; 128Ki by default, at most 1Mi.</summary>
    public Quantity? MaxTransfer { get; set; }
}

/// <summary>When the client has really handed written data on.</summary>
public enum Durability
{
    Write,
    Flush,
    Fsync,
    Upload,
}

public sealed class ProfileUser
{
    /// <summary>Default 65532.</summary>
    public long? RunAsUser { get; set; }
    public long? RunAsGroup { get; set; }

    /// <summary>Write neither: OpenShift picks from the namespace's range.</summary>
    public bool Omit { get; set; }
}
