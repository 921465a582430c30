using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Sluice.Api.Manifests;

/// <summary>The words of an enum in JSON, in order of their values.</summary>
internal static class EnumNames
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<string>> Known = new();

    /// <summary>Asks the serialiser itself, so that names given by attributes are right, also under Native AOT.</summary>
    public static IReadOnlyList<string> Of(JsonTypeInfo type) => Known.GetOrAdd(type.Type, _ =>
    {
        var target = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        var names = new List<string>();
        foreach (var value in Enum.GetValuesAsUnderlyingType(target))
            names.Add(JsonSerializer.SerializeToElement(Enum.ToObject(target, value), type).GetString()!);
        return names;
    });
}
