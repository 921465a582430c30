using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Sluice.Api;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>The schemas that users' objects must fit and the types that they become are one thing, written twice.</summary>
public sealed class SchemaAndTypesTests
{
    private static readonly Dictionary<string, JsonTypeInfo> Types = new(StringComparer.Ordinal)
    {
        [nameof(Dataset)] = ApiJson.Default.Dataset,
        [nameof(Runtime)] = ApiJson.Default.Runtime,
        [nameof(RuntimeProfile)] = ApiJson.Default.RuntimeProfile,
        [nameof(TenantPolicy)] = ApiJson.Default.TenantPolicy,
        [nameof(DataLoad)] = ApiJson.Default.DataLoad,
    };

    public static TheoryData<string> Kinds => [.. Types.Keys];

    [Fact]
    public void There_is_one_definition_for_each_kind() =>
        Assert.Equal(Types.Keys.Order(StringComparer.Ordinal), CustomResource.All.Select(c => c.Kind).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_property_of_a_type_is_in_the_schema_and_the_reverse(string kind)
    {
        var differences = new List<string>();
        Compare("", CustomResource.Of(kind).Schema, Types[kind], differences);
        Assert.Empty(differences);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_default_of_the_schema_means_what_the_type_means_without_it(string kind)
    {
        foreach (var (path, schema) in CustomResource.Of(kind).Walk())
        {
            if (schema["default"] is not { } standard || schema["enum"] is null)
                continue;
            // A type's own default is the value of an enum that nothing was said about.
            Assert.True(EnumDefaults(kind).TryGetValue(path, out var own), $"{path} has a default, and the type none");
            Assert.Equal(own, standard.GetValue<string>());
        }
    }

    private static void Compare(string path, JsonObject schema, JsonTypeInfo type, List<string> differences)
    {
        if (type.Type == typeof(ObjectMeta))
            return;
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                Expect(path, schema, "object", differences);
                CompareProperties(path, schema, type, differences);
                break;
            case JsonTypeInfoKind.Dictionary when schema["additionalProperties"] is JsonObject values:
                Expect(path, schema, "object", differences);
                Compare(path + "{}", values, type.Options.GetTypeInfo(type.ElementType!), differences);
                break;
            case JsonTypeInfoKind.Enumerable when schema["items"] is JsonObject items:
                Expect(path, schema, "array", differences);
                Compare(path + "[]", items, type.Options.GetTypeInfo(type.ElementType!), differences);
                break;
            case JsonTypeInfoKind.None:
                CompareLeaf(path, schema, type, differences);
                break;
            default:
                differences.Add($"{path}: {type.Type.Name} has no like in the schema");
                break;
        }
    }

    private static void CompareProperties(string path, JsonObject schema, JsonTypeInfo type, List<string> differences)
    {
        var properties = schema["properties"]?.AsObject() ?? [];
        foreach (var property in type.Properties)
        {
            var below = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            if (properties[property.Name] is JsonObject child)
                Compare(below, child, type.Options.GetTypeInfo(property.PropertyType), differences);
            else
                differences.Add($"{below}: missing in the schema");
        }
        foreach (var (name, _) in properties)
        {
            if (type.Properties.All(p => p.Name != name))
                differences.Add($"{path}.{name}: missing in {type.Type.Name}");
        }
    }

    private static void CompareLeaf(string path, JsonObject schema, JsonTypeInfo type, List<string> differences)
    {
        var target = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (target == typeof(JsonElement))
        {
            if (schema["x-kubernetes-preserve-unknown-fields"]?.GetValue<bool>() is not true)
                differences.Add($"{path}: raw JSON must be kept");
        }
        else if (target.IsEnum)
        {
            Expect(path, schema, "string", differences);
            var names = Enum.GetValues(target).Cast<object>().Select(v => JsonSerializer.Serialize(v, type.Options.GetTypeInfo(target)).Trim('"')).ToHashSet(StringComparer.Ordinal);
            if (!names.SetEquals((schema["enum"]?.AsArray() ?? []).Select(Yaml.Text)))
                differences.Add($"{path}: other values than {target.Name}");
        }
        else if (target == typeof(Quantity))
        {
            if (schema["x-kubernetes-int-or-string"]?.GetValue<bool>() is not true)
                differences.Add($"{path}: a quantity may be a number");
        }
        else if (target == typeof(Duration))
        {
            if (schema["x-kubernetes-int-or-string"] is null)
                Expect(path, schema, "string", differences);
        }
        else
        {
            var (name, format) = LeafTypes[target];
            Expect(path, schema, name, differences);
            if (format is not null && Yaml.Text(schema["format"]) != format)
                differences.Add($"{path}: format must be {format}");
        }
    }

    private static readonly Dictionary<Type, (string Type, string? Format)> LeafTypes = new()
    {
        [typeof(string)] = ("string", null),
        [typeof(bool)] = ("boolean", null),
        [typeof(int)] = ("integer", "int32"),
        [typeof(long)] = ("integer", "int64"),
        [typeof(DateTimeOffset)] = ("string", "date-time"),
    };

    private static void Expect(string path, JsonObject schema, string type, List<string> differences)
    {
        if (Yaml.Text(schema["type"]) != type)
            differences.Add($"{path}: must be of type {type}");
    }

    /// <summary>What each enum property of a kind is when nothing is said, by path.</summary>
    private static Dictionary<string, string> EnumDefaults(string kind)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        Collect("", Types[kind], found);
        return found;

        static void Collect(string path, JsonTypeInfo type, Dictionary<string, string> found)
        {
            if (type.Type == typeof(ObjectMeta))
                return;
            if (type.ElementType is { } element)
                Collect(path + (type.Kind == JsonTypeInfoKind.Dictionary ? "{}" : "[]"), type.Options.GetTypeInfo(element), found);
            if (type.Kind != JsonTypeInfoKind.Object)
                return;
            var empty = Activator.CreateInstance(type.Type)!;
            foreach (var property in type.Properties)
            {
                var below = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
                if (property.PropertyType.IsEnum)
                    found[below] = JsonSerializer.Serialize(property.Get!(empty), type.Options.GetTypeInfo(property.PropertyType)).Trim('"');
                else
                    Collect(below, type.Options.GetTypeInfo(property.PropertyType), found);
            }
        }
    }
}
