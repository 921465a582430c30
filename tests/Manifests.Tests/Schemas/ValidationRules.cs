using System.Text.Json.Nodes;
using Cel;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>A rule that an object broke.</summary>
internal sealed record Violation(string Path, string Rule, string Message)
{
    public override string ToString() => $"{Path}: {Message}";
}

/// <summary>Runs the <c>x-kubernetes-validations</c> of a schema over an object.</summary>
internal static class ValidationRules
{
    /// <summary>All rules that <paramref name="value"/> breaks. Rules with <c>oldSelf</c> run only where there is an old value.</summary>
    public static IEnumerable<Violation> Check(JsonObject schema, JsonObject value, JsonObject? old) => Check("", schema, value, old);

    private static IEnumerable<Violation> Check(string path, JsonObject schema, JsonNode value, JsonNode? old)
    {
        foreach (var rule in schema["x-kubernetes-validations"]?.AsArray() ?? [])
        {
            if (Breaks(rule!.AsObject(), value, old))
                yield return new Violation(path + Yaml.Text(rule["fieldPath"]), Yaml.Text(rule["rule"]), Yaml.Text(rule["message"]));
        }
        foreach (var (name, child, below) in Children(schema, value))
        {
            // Items of atomic lists have no old value: Kubernetes cannot tell which became which.
            var before = old is JsonObject map && value is JsonObject ? map[name] : null;
            foreach (var violation in Check(value is JsonArray ? $"{path}[{name}]" : path.Length == 0 ? name : $"{path}.{name}", below, child, before))
                yield return violation;
        }
    }

    private static IEnumerable<(string Name, JsonNode Value, JsonObject Schema)> Children(JsonObject schema, JsonNode value)
    {
        if (value is JsonArray list && schema["items"] is JsonObject items)
        {
            for (var i = 0; i < list.Count; i++)
                yield return ($"{i}", list[i]!, items);
        }
        if (value is not JsonObject map)
            yield break;
        foreach (var (name, child) in map)
        {
            if (child is not null && (schema["properties"]?[name] ?? schema["additionalProperties"]) is JsonObject below)
                yield return (name, child, below);
        }
    }

    private static bool Breaks(JsonObject rule, JsonNode value, JsonNode? old)
    {
        var text = Yaml.Text(rule["rule"]);
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal) { ["self"] = CommonExpression.Value(value) };
        if (text.Contains("oldSelf", StringComparison.Ordinal))
        {
            if (old is null)
                return false;
            variables["oldSelf"] = CommonExpression.Value(old);
        }
        try
        {
            return CommonExpression.Evaluate(text, variables) is not true;
        }
        catch (CelExpressionParserException e)
        {
            throw new InvalidDataException($"{text}: {e.Message}", e);
        }
        catch (CelException)
        {
            return true;
        }
    }
}
