using System.Text.Json.Serialization;
using Sluice.Mounter.Control;
using Sluice.Mounter.Sessions;

namespace Sluice.Mounter;

/// <summary>JSON of the mounter's own files and of its control socket.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SessionRecord))]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlReply))]
[JsonSerializable(typeof(SessionStatus))]
[JsonSerializable(typeof(Counters))]
internal sealed partial class MounterJson : JsonSerializerContext;
