using System.Text.Json.Serialization;

namespace Sluice.Api;

/// <summary>
/// Source-generated JSON of the five kinds and Namespace. Unknown members are errors here; <c>ManifestReader</c> reports
/// them all, with their place, before it comes to that.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Dataset))]
[JsonSerializable(typeof(Runtime))]
[JsonSerializable(typeof(RuntimeProfile))]
[JsonSerializable(typeof(TenantPolicy))]
[JsonSerializable(typeof(DataLoad))]
[JsonSerializable(typeof(Namespace))]
public sealed partial class ApiJson : JsonSerializerContext;
