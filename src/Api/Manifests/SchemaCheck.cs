using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Sluice.Api.Manifests;

/// <summary>
/// Compares a JSON value with the C# type that it is to become and reports every unknown field and every value of a wrong
/// type. Works from the source-generated metadata, so the types stay the only schema in this program.
/// </summary>
internal sealed class SchemaCheck(UnknownFields unknownFields)
{
    private static readonly JsonSerializerOptions Lenient = new(ApiJson.Default.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        TypeInfoResolver = ApiJson.Default.WithAddedModifier(WithoutManagedFields),
    };

    private readonly List<(string Path, string Message)> _errors = [];
    private bool _sawNull;

    public IReadOnlyList<(string Path, string Message)> Errors => _errors;

    /// <summary>Reads a value that <see cref="Check"/> found no error in. A null member counts as absent, as it does for an API server.</summary>
    public object Deserialize(JsonElement element, JsonTypeInfo type)
    {
        if (unknownFields == UnknownFields.Skip)
            type = Lenient.GetTypeInfo(type.Type);
        if (!_sawNull)
            return element.Deserialize(type)!;
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
            WriteWithoutNulls(json, element, type);
        return JsonSerializer.Deserialize(output.WrittenSpan, type)!;
    }

    public void Check(JsonElement element, JsonTypeInfo type, string path)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                CheckObject(element, type, path);
                break;
            case JsonTypeInfoKind.Dictionary:
                CheckDictionary(element, type, path);
                break;
            case JsonTypeInfoKind.Enumerable:
                CheckList(element, type, path);
                break;
            default:
                if (Leaf.Problem(element, type) is { } problem)
                    _errors.Add((path, problem));
                break;
        }
    }

    private void CheckObject(JsonElement element, JsonTypeInfo type, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            _errors.Add((path, "must be an object, not " + Leaf.Describe(element)));
            return;
        }
        foreach (var member in element.EnumerateObject())
        {
            var property = Find(type, member);
            if (property is null)
            {
                if (unknownFields == UnknownFields.Refuse && type.UnmappedMemberHandling != JsonUnmappedMemberHandling.Skip)
                    _errors.Add((FieldPath.Member(path, member.Name), Unknown(member.Name, type)));
            }
            else if (member.Value.ValueKind == JsonValueKind.Null)
            {
                _sawNull = true;
            }
            else
            {
                CheckMember(member, type.Options.GetTypeInfo(property.PropertyType), path, FieldPath.Member);
            }
        }
    }

    /// <summary>Makes the member's path only where something needs it: a catalog has millions of members, nearly all of them right.</summary>
    private void CheckMember(JsonProperty member, JsonTypeInfo type, string parent, Func<string, string, string> join)
    {
        if (type.Kind != JsonTypeInfoKind.None)
            Check(member.Value, type, join(parent, member.Name));
        else if (Leaf.Problem(member.Value, type) is { } problem)
            _errors.Add((join(parent, member.Name), problem));
    }

    private void CheckDictionary(JsonElement element, JsonTypeInfo type, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            _errors.Add((path, "must be a map of names to values, not " + Leaf.Describe(element)));
            return;
        }
        var values = type.Options.GetTypeInfo(type.ElementType!);
        foreach (var member in element.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
                _sawNull = true;
            else
                CheckMember(member, values, path, FieldPath.Key);
        }
    }

    private void CheckList(JsonElement element, JsonTypeInfo type, string path)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            _errors.Add((path, "must be a list, not " + Leaf.Describe(element)));
            return;
        }
        var items = type.Options.GetTypeInfo(type.ElementType!);
        var i = 0;
        foreach (var item in element.EnumerateArray())
            Check(item, items, FieldPath.Index(path, i++));
    }

    /// <summary>What API servers note of who wrote which field is larger than most objects, and nobody here reads it.</summary>
    private static void WithoutManagedFields(JsonTypeInfo type)
    {
        if (type.Type != typeof(ObjectMeta))
            return;
        for (var i = type.Properties.Count - 1; i >= 0; i--)
        {
            if (type.Properties[i].Name == "managedFields")
                type.Properties.RemoveAt(i);
        }
    }

    private static JsonPropertyInfo? Find(JsonTypeInfo type, JsonProperty member)
    {
        foreach (var property in type.Properties)
        {
            if (member.NameEquals(property.Name))
                return property;
        }
        return null;
    }

    private static string Unknown(string name, JsonTypeInfo type)
    {
        string[] known = [.. type.Properties.Select(p => p.Name)];
        return Suggestion.Nearest(name, known) is { } near
            ? $"unknown field: did you mean \"{near}\"?"
            : $"unknown field: known here are {string.Join(", ", known)}";
    }

    /// <summary>Copies typed parts without their null members; raw parts (pod templates) stay whole.</summary>
    private static void WriteWithoutNulls(Utf8JsonWriter json, JsonElement element, JsonTypeInfo type)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary:
                json.WriteStartObject();
                foreach (var member in element.EnumerateObject())
                {
                    if (member.Value.ValueKind == JsonValueKind.Null)
                        continue;
                    var value = type.Kind == JsonTypeInfoKind.Dictionary ? type.ElementType : Find(type, member)?.PropertyType;
                    json.WritePropertyName(member.Name);
                    if (value is null)
                        member.Value.WriteTo(json);
                    else
                        WriteWithoutNulls(json, member.Value, type.Options.GetTypeInfo(value));
                }
                json.WriteEndObject();
                break;
            case JsonTypeInfoKind.Enumerable:
                json.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                    WriteWithoutNulls(json, item, type.Options.GetTypeInfo(type.ElementType!));
                json.WriteEndArray();
                break;
            default:
                element.WriteTo(json);
                break;
        }
    }
}
