namespace Sluice.Api;

/// <summary>
/// Every name that users write or that webhook, node and operator must agree on: API group, labels, annotations,
/// the CSI driver and its volume attributes, and the reserved names inside a pod. Source: the API reference in docs/.
/// </summary>
public static class Names
{
    public const string Group = "sluice.io";
    public const string Version = "v1alpha1";
    public const string ApiVersion = Group + "/" + Version;
    public const string CsiDriver = "csi.sluice.io";

    /// <summary>Pod label: one dataset, <c>name</c> or <c>namespace.name</c>.</summary>
    public const string DatasetLabel = "sluice.io/dataset";

    /// <summary>Pod label: <c>"true"</c> makes API servers send a pod with annotations here, <c>"false"</c> opts it out.</summary>
    public const string InjectLabel = "sluice.io/inject";

    /// <summary>Namespace label: <c>enabled</c> sends every new pod of the namespace here.</summary>
    public const string InjectionLabel = "sluice.io/injection";
    public const string InjectionEnabled = "enabled";

    /// <summary>Pod or namespace annotation: comma-separated <c>[namespace/]name[=mountPath][:ro|:rw]</c>.</summary>
    public const string DatasetsAnnotation = "sluice.io/datasets";
    public const string ContainersAnnotation = "sluice.io/containers";
    public const string SidecarResourcesAnnotation = "sluice.io/sidecar-resources";
    public const string DeliveryAnnotation = "sluice.io/delivery";

    /// <summary>Written by the webhook, never read as proof: whether a pod is injected is decided from its containers and volumes.</summary>
    public const string InjectedLabel = "sluice.io/injected";
    public const string StatusAnnotation = "sluice.io/status";

    /// <summary>Label of the operator's own pods (cache masters, workers, setup): never injected.</summary>
    public const string RuntimeLabel = "sluice.io/runtime";

    /// <summary>Label of a claim that asks for another namespace's dataset: <c>namespace.name</c> or <c>namespace/name</c>.</summary>
    public const string ClaimLabel = "sluice.io/claim";

    /// <summary>Prefix of every container, volume and mount name that the injection writes; reserved in users' pods.</summary>
    public const string ReservedPrefix = "sluice-";

    /// <summary>The same, for names that are looked at as raw JSON.</summary>
    public static ReadOnlySpan<byte> ReservedPrefixUtf8 => "sluice-"u8;

    /// <summary>Where the mounter's socket and the relay binary are mounted in a sidecar.</summary>
    public const string SessionPath = "/sluice";
    public const string RelayBinary = SessionPath + "/bin/sluice-relay";

    /// <summary>Where the mounter binds the host directory of a <c>file://</c> source, for its client to read.</summary>
    public const string SourcePath = SessionPath + "/source";

    /// <summary>Our stand-in for fusermount, as a subPath of the session volume, and of the Shared delivery's binary volume.</summary>
    public const string FusermountShim = "bin/fusermount3";
    public const string SharedFusermountShim = "fusermount3";

    /// <summary>An empty file, as a subPath of the session volume, that stands in for <c>/dev/fuse</c>.</summary>
    public const string EmptyDeviceFile = "fuse";
    public const string StatePath = "/sluice-state";
    public const string AuthPath = "/sluice-auth";
    public const string CachePath = "/sluice-cache";

    /// <summary>The API server's token directory, which the injection covers with an empty volume in sidecars.</summary>
    public const string ServiceAccountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Host directory of the Shared delivery, and where a privileged sidecar sees its pod's part of it.</summary>
    public const string SharedHostPath = "/var/lib/sluice/shared";
    public const string SharedPath = "/sluice-shared";

    /// <summary>Keys of <c>volumeAttributes</c> of our CSI driver.</summary>
    public static class VolumeAttributes
    {
        /// <summary><c>[namespace/]name</c>; the webhook always writes the long form.</summary>
        public const string Dataset = "dataset";

        /// <summary><c>data</c> (default) or <c>session</c>.</summary>
        public const string Role = "role";
        public const string RoleData = "data";
        public const string RoleSession = "session";

        /// <summary><c>ro</c> or <c>rw</c>: the granted access.</summary>
        public const string Access = "access";

        /// <summary>Only the webhook writes it; a data volume without it was not admitted and the node refuses it.</summary>
        public const string Admitted = "admitted";
        public const string AdmittedV1 = "v1";

        /// <summary>Name of the RuntimeProfile whose mount options the node uses.</summary>
        public const string Profile = "profile";
    }

    /// <summary>Longest name of a Dataset, Runtime or RuntimeProfile, so that every derived name fits a DNS label of 63.</summary>
    public const int MaxDatasetName = 40;
}
