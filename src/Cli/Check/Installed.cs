using Sluice.Api;
using Sluice.Kube;

namespace Sluice.Cli.Check;

/// <summary>Names of what deploy/manifests installs; a test holds the two together.</summary>
internal static class Installed
{
    public const string Namespace = "sluice-system";

    /// <summary>Deployment, Service, ServiceAccount and both webhook configurations.</summary>
    public const string Webhook = "sluice-webhook";

    /// <summary>Secret and Lease of self-managed certificates.</summary>
    public const string Certificates = "sluice-webhook-certificates";

    /// <summary>Key of the serving certificate in a Secret, as in every Secret of type kubernetes.io/tls.</summary>
    public const string CertificateKey = "tls.crt";

    /// <summary>The DaemonSet of the node's daemon, and the value of <see cref="NameLabel"/> on its pods.</summary>
    public const string Mounter = "sluice-mounter";
    public const string NameLabel = "app.kubernetes.io/name";

    /// <summary>The entry of the mutating configuration whose failurePolicy administrators may choose: overlays/e3-ignore.</summary>
    public const string NamespaceEntry = "namespace.pods.sluice.io";

    /// <summary>Entries without which some pods that ask for data are not sent to the webhook.</summary>
    public static IReadOnlyList<string> MutatingEntries { get; } = ["dataset.pods.sluice.io", "inject.pods.sluice.io", NamespaceEntry, "volume.pods.sluice.io"];
    public static IReadOnlyList<string> ValidatingEntries { get; } = ["resources.sluice.io"];

    /// <summary>No pod of these namespaces is ever sent to the webhook.</summary>
    public static IReadOnlyList<string> ExcludedNamespaces { get; } = ["kube-system", "kube-node-lease", Namespace];

    public static IReadOnlyList<ApiResource> Kinds { get; } =
    [
        Ours("datasets", namespaced: true), Ours("runtimes", namespaced: true), Ours("runtimeprofiles", namespaced: false),
        Ours("tenantpolicies", namespaced: false), Ours("dataloads", namespaced: true),
    ];

    public const string ApplyDefinitions = "kubectl apply --server-side -k deploy/manifests/crds";
    public const string Apply = "kubectl apply --server-side -k deploy/manifests";
    public const string WebhookLogs = $"kubectl -n {Namespace} logs deployment/{Webhook}";

    private static ApiResource Ours(string plural, bool namespaced) => new(Names.Group, Names.Version, plural, namespaced);
}
