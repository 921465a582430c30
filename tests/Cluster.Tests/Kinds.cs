using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Kube;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests;

/// <summary>The kinds that the tests send, as paths name them.</summary>
internal static class Kinds
{
    public static ApiResource Pods { get; } = new("", "v1", "pods", Namespaced: true);
    public static ApiResource Namespaces { get; } = new("", "v1", "namespaces", Namespaced: false);
    public static ApiResource Secrets { get; } = new("", "v1", "secrets", Namespaced: true);
    public static ApiResource Leases { get; } = new("coordination.k8s.io", "v1", "leases", Namespaced: true);
    public static ApiResource Datasets { get; } = OfOurs("datasets", namespaced: true);
    public static ApiResource Runtimes { get; } = OfOurs("runtimes", namespaced: true);
    public static ApiResource Profiles { get; } = OfOurs("runtimeprofiles", namespaced: false);
    public static ApiResource TenantPolicies { get; } = OfOurs("tenantpolicies", namespaced: false);
    public static ApiResource DataLoads { get; } = OfOurs("dataloads", namespaced: true);

    public static IReadOnlyList<ApiResource> Ours { get; } = [Datasets, Runtimes, Profiles, TenantPolicies, DataLoads];

    private static readonly Dictionary<string, ApiResource> ByKind = new(StringComparer.Ordinal)
    {
        ["Pod"] = Pods,
        ["Namespace"] = Namespaces,
        ["Secret"] = Secrets,
        ["Service"] = new("", "v1", "services", Namespaced: true),
        ["Endpoints"] = new("", "v1", "endpoints", Namespaced: true),
        ["ServiceAccount"] = new("", "v1", "serviceaccounts", Namespaced: true),
        ["ResourceQuota"] = new("", "v1", "resourcequotas", Namespaced: true),
        ["LimitRange"] = new("", "v1", "limitranges", Namespaced: true),
        ["Dataset"] = Datasets,
        ["Runtime"] = Runtimes,
        ["RuntimeProfile"] = Profiles,
        ["TenantPolicy"] = TenantPolicies,
        ["DataLoad"] = DataLoads,
        ["CustomResourceDefinition"] = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", Namespaced: false),
        ["MutatingWebhookConfiguration"] = new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", Namespaced: false),
        ["ValidatingWebhookConfiguration"] = new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", Namespaced: false),
        ["ValidatingAdmissionPolicy"] = new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", Namespaced: false),
        ["ValidatingAdmissionPolicyBinding"] = new("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", Namespaced: false),
    };

    public static ApiResource Of(JsonObject item) => ByKind[Yaml.Text(item["kind"])];

    public static ApiObject Target(JsonObject item)
    {
        var kind = Of(item);
        return kind.Object(kind.Namespaced ? Yaml.Text(item["metadata"]!["namespace"]) : null, Yaml.Text(item["metadata"]!["name"]));
    }

    private static ApiResource OfOurs(string plural, bool namespaced) => new(Names.Group, Names.Version, plural, namespaced);
}
