namespace Sluice.Api;

/// <summary>
/// The placeholders of a profile's FUSE client. One list for the validators, the injection and the documentation.
/// </summary>
public static class Placeholders
{
    /// <summary>Replaced by the relay, not by the injection: <c>/dev/fd/N</c>, or a directory for clients with a shim.</summary>
    public const string Mountpoint = "mountpoint";

    public const string OptionPrefix = "option.";
    public const string SourceOptionPrefix = "source.options.";
    public const string SecretPrefix = "secret.";
    public const string SchemePrefix = "scheme.";
    public const string ListPrefix = "list.";

    /// <summary>
    /// Names with a meaning of their own. <c>uri.*</c> and <c>source.*</c> are the same. <c>access.ro</c> and
    /// <c>access.rw</c> are the empty text when that is the access, and unset otherwise, so that an argv item
    /// <c>--read-only${access.ro}</c> is there for read-only mounts alone. <c>access.readOnly</c> is true or false.
    /// </summary>
    public static IReadOnlyList<string> Fuse { get; } =
    [
        Mountpoint,
        "uri.host", "uri.hostname", "uri.port", "uri.path", "uri.user", "uri.scheme",
        "source.uri", "source.host", "source.hostname", "source.port", "source.path", "source.user", "source.scheme",
        "dataset.name", "dataset.namespace",
        "runtime.name", "runtime.namespace", "runtime.endpoint",
        "master.host", "worker.endpoints", "worker.maxReplicas",
        "consistency.validity",
        "cluster.domain",
        "pod.runAsUser", "pod.runAsGroup", "pod.fsGroup",
        "access", "access.ro", "access.rw", "access.readOnly",
        "cache.dir", "cache.size", "cache.size.bytes", "cache.size.mebibytes", "cache.size.megabytes",
        "state.dir", "auth.dir", "token.path",
    ];

    /// <summary>
    /// What an argv item may start with: values whose grammar (host name, number, path of ours) cannot begin with a dash.
    /// Anything that a Dataset's author writes freely may only follow literal text: <c>--flag=${option.x}</c>.
    /// </summary>
    public static IReadOnlyList<string> MayStartItem { get; } =
    [
        Mountpoint,
        "uri.host", "uri.hostname", "source.host", "source.hostname", "uri.scheme", "source.scheme",
        "dataset.name", "dataset.namespace", "runtime.name", "runtime.namespace", "runtime.endpoint", "master.host",
        "pod.runAsUser", "pod.runAsGroup", "pod.fsGroup", "cache.dir", "state.dir", "auth.dir", "token.path",
    ];

    /// <summary>What masters, workers, setup and files may use, beside <c>option.</c>, <c>scheme.</c>, <c>source.options.</c> and <c>list.</c>.</summary>
    public static IReadOnlyList<string> Part { get; } =
    [
        "dataset.name", "dataset.namespace",
        "source.uri", "source.scheme", "source.host", "source.hostname", "source.port", "source.path", "source.user",
        "consistency.validity",
        "runtime.name", "runtime.namespace", "runtime.endpoint",
        "master.host",
        "worker.cachePath", "worker.cacheSize.bytes", "worker.cacheSize.mebibytes", "worker.cacheSize.megabytes", "worker.maxReplicas",
        "cluster.dns", "cluster.domain",
    ];

    /// <summary>An item of a list, repeated per worker.</summary>
    public static IReadOnlyList<string> List { get; } = [.. Part, "item.index", "item.host"];

    /// <summary>The Job that empties a worker before it goes.</summary>
    public static IReadOnlyList<string> Drain { get; } = [.. Part, "drain.host"];

    /// <summary>An engine's own loader.</summary>
    public static IReadOnlyList<string> Load { get; } = [.. Part, "load.path", "load.shard", "load.shards"];
}
