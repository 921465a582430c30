using System.Text;
using System.Text.Json;
using Sluice.Api;
using Sluice.Api.Manifests;
using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

/// <summary>Clusters of which nothing was read but what a test is about.</summary>
internal static class States
{
    public const string NotRead = "not read";

    public static ClusterState Unseen { get; } = new()
    {
        Now = new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero),
        Version = Reading<JsonElement>.Unseen(NotRead),
        Definitions = Reading<IReadOnlyList<Definition>>.Unseen(NotRead),
        Mutating = Reading<WebhookConfiguration?>.Unseen(NotRead),
        Validating = Reading<WebhookConfiguration?>.Unseen(NotRead),
        Deployment = Reading<WebhookDeployment?>.Unseen(NotRead),
        Certificate = Reading<ServingSecret?>.Unseen(NotRead),
        Rights = Reading<IReadOnlyList<RightAnswer>>.Unseen(NotRead),
        Namespaces = Reading<IReadOnlyList<Namespace>>.Unseen(NotRead),
        Objects = Reading<CatalogObjects>.Unseen(NotRead),
        Nodes = Reading<IReadOnlyList<Node>>.Unseen(NotRead),
        Mounters = Reading<IReadOnlyList<MounterPod>>.Unseen(NotRead),
        DriverNodes = Reading<IReadOnlySet<string>>.Unseen(NotRead),
        LimitRanges = Reading<IReadOnlyList<LimitRange>>.Unseen(NotRead),
        Tenancy = Reading<Tenancy>.Unseen(NotRead),
        Admission = Reading<AdmissionAnswer>.Unseen(NotRead),
    };

    public static Reading<IReadOnlyList<T>> List<T>(params T[] items) => Reading<IReadOnlyList<T>>.Of(items);

    /// <summary>Of manifests in YAML; Namespaces carry the label that API servers give them.</summary>
    public static Reading<Tenancy> Tenancy(params string[] manifests)
    {
        var read = ManifestReader.Read("test", string.Join("\n---\n", manifests));
        Assert.Empty(read.Errors);
        var resources = read.Objects.Select(o => o.Resource).ToList();
        foreach (var ns in resources.OfType<Namespace>())
            ns.Metadata.Labels["kubernetes.io/metadata.name"] = ns.Metadata.Name;
        return Reading<Tenancy>.Of(new Tenancy([.. resources.Where(r => r is not Sluice.Api.Namespace)], resources.OfType<Namespace>()));
    }

    public static string Namespace(string name, string labels = "") =>
        $"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{{labels}}}}}}}";

    public static string Profile(string name = "rclone", string fuse = "") => $$$"""
        {apiVersion: sluice.io/v1alpha1, kind: RuntimeProfile, metadata: {name: {{{name}}} },
         spec: {schemes: [s3], fuse: {image: "rclone:1", command: [rclone, "${mountpoint}"]{{{fuse}}} } } }
        """;

    public static string Dataset(string ns, string name, string spec = "") => $$$"""
        {apiVersion: sluice.io/v1alpha1, kind: Dataset, metadata: {namespace: {{{ns}}}, name: {{{name}}} }, spec: {source: {uri: "s3://bucket/x"}{{{spec}}} } }
        """;

    public static string Policy(string spec) => $$$"""
        {apiVersion: sluice.io/v1alpha1, kind: TenantPolicy, metadata: {name: policy}, spec: {namespaceSelector: {}, {{{spec}}} } }
        """;

    public static JsonElement Json(string text) => JsonElement.Parse(Encoding.UTF8.GetBytes(text));

    /// <summary>A result as one text: verdict and summary, then a line for each finding.</summary>
    public static string Told(this CheckResult result) => string.Join('\n', new[] { $"{result.Verdict}: {result.Summary}" }
        .Concat(result.Findings.Select(f => $"{f.Verdict}: {f.Object}: {f.Cause} > {f.Remedy}")));
}
