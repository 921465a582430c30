using System.Text.Json.Serialization.Metadata;

namespace Sluice.Api.Manifests;

/// <summary>A kind that manifests may hold.</summary>
internal sealed record ManifestKind(string Kind, string ApiVersion, JsonTypeInfo Type, Func<object, ObjectMeta> Metadata)
{
    public static IReadOnlyList<ManifestKind> All { get; } =
    [
        new(nameof(Dataset), Names.ApiVersion, ApiJson.Default.Dataset, o => ((Dataset)o).Metadata),
        new(nameof(Runtime), Names.ApiVersion, ApiJson.Default.Runtime, o => ((Runtime)o).Metadata),
        new(nameof(RuntimeProfile), Names.ApiVersion, ApiJson.Default.RuntimeProfile, o => ((RuntimeProfile)o).Metadata),
        new(nameof(TenantPolicy), Names.ApiVersion, ApiJson.Default.TenantPolicy, o => ((TenantPolicy)o).Metadata),
        new(nameof(DataLoad), Names.ApiVersion, ApiJson.Default.DataLoad, o => ((DataLoad)o).Metadata),
        new(nameof(Namespace), "v1", ApiJson.Default.Namespace, o => ((Namespace)o).Metadata),
    ];
}
