using System.Text.Json.Nodes;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>Fills in a schema's defaults as an API server does: wherever an object is that lacks a property with one.</summary>
internal static class Defaults
{
    public static JsonObject Apply(JsonObject schema, JsonObject written)
    {
        var copy = written.DeepClone().AsObject();
        Fill(schema, copy);
        return copy;
    }

    private static void Fill(JsonObject schema, JsonNode? value)
    {
        switch (value)
        {
            case JsonObject map:
                foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
                {
                    if (map[name] is null && property!["default"] is { } standard)
                        map[name] = standard.DeepClone();
                    Fill(property!.AsObject(), map[name]);
                }
                if (schema["additionalProperties"] is JsonObject values)
                {
                    foreach (var (_, item) in map)
                        Fill(values, item);
                }
                break;
            case JsonArray list when schema["items"] is JsonObject items:
                foreach (var item in list)
                    Fill(items, item);
                break;
        }
    }
}
