using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>
/// The part of OpenAPI v3 that CustomResourceDefinitions use, as JSON Schema. Unknown fields are errors, as they are for
/// <c>kubectl</c>, which asks for strict validation.
/// </summary>
internal sealed class OpenApiSchema
{
    private static readonly string[] Same =
    [
        "type", "required", "enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties", "anyOf",
    ];

    private static readonly EvaluationOptions ListOfErrors = new() { OutputFormat = OutputFormat.List };

    private readonly JsonSchema _schema;

    public OpenApiSchema(JsonObject schema) => _schema = JsonSchema.FromText(Translate(schema, isMetadata: false).ToJsonString());

    public IReadOnlyList<string> Check(JsonObject value)
    {
        var result = _schema.Evaluate(JsonElement.Parse(value.ToJsonString()), ListOfErrors);
        if (result.IsValid)
            return [];
        return
        [
            .. (result.Details ?? []).Where(d => d.Errors is not null)
                .SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation.ToString().TrimStart('/').Replace('/', '.')}: {e.Key} {e.Value}")),
        ];
    }

    private static JsonObject Translate(JsonObject schema, bool isMetadata)
    {
        var result = new JsonObject();
        foreach (var keyword in Same)
        {
            if (schema[keyword] is { } value)
                result[keyword] = value.DeepClone();
        }
        if (schema["pattern"] is { } pattern)
            result["pattern"] = AsInGo(pattern.GetValue<string>());
        if (schema["items"] is JsonObject items)
            result["items"] = Translate(items, isMetadata: false);
        if (schema["additionalProperties"] is JsonObject values)
            result["additionalProperties"] = Translate(values, isMetadata: false);
        if (schema["properties"] is JsonObject properties)
        {
            var translated = new JsonObject();
            foreach (var (name, property) in properties)
                translated[name] = Translate(property!.AsObject(), isMetadata: name == "metadata");
            result["properties"] = translated;
            if (!isMetadata && schema["x-kubernetes-preserve-unknown-fields"] is null)
                result["additionalProperties"] = false;
        }
        return result;
    }

    /// <summary>In Go <c>$</c> is the end of the text; in .NET a line break may follow it.</summary>
    private static string AsInGo(string pattern) =>
        pattern.EndsWith('$') && !pattern.EndsWith("\\$", StringComparison.Ordinal) ? pattern[..^1] + @"(?![\s\S])" : pattern;
}
