using System.Text.Json.Serialization.Metadata;

namespace Sluice.Api.Manifests;

/// <summary>A kind that manifests may hold. <paramref name="Namespaced"/>: its objects live in a namespace.</summary>
internal sealed record ManifestKind(string Kind, string ApiVersion, bool Namespaced, JsonTypeInfo Type, Func<object, ObjectMeta> Metadata)
{
    public static IReadOnlyList<ManifestKind> All { get; } =
    [
        new(nameof(Dataset), Names.ApiVersion, true, ApiJson.Default.Dataset, o => ((Dataset)o).Metadata),
        new(nameof(Runtime), Names.ApiVersion, true, ApiJson.Default.Runtime, o => ((Runtime)o).Metadata),
        new(nameof(RuntimeProfile), Names.ApiVersion, false, ApiJson.Default.RuntimeProfile, o => ((RuntimeProfile)o).Metadata),
        new(nameof(TenantPolicy), Names.ApiVersion, false, ApiJson.Default.TenantPolicy, o => ((TenantPolicy)o).Metadata),
        new(nameof(DataLoad), Names.ApiVersion, true, ApiJson.Default.DataLoad, o => ((DataLoad)o).Metadata),
        new(nameof(Namespace), "v1", false, ApiJson.Default.Namespace, o => ((Namespace)o).Metadata),
    ];
}
