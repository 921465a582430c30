using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cel;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>Evaluates CEL expressions of manifests without a cluster. Compiled once each.</summary>
internal static class CommonExpression
{
    private static readonly CelEnvironment Environment = new(null!, null!);
    private static readonly ConcurrentDictionary<string, CelProgramDelegate> Programs = new(StringComparer.Ordinal);

    /// <summary>The value of <paramref name="expression"/>.</summary>
    /// <exception cref="CelException">It cannot be evaluated: for an API server that is a violation.</exception>
    public static object? Evaluate(string expression, IReadOnlyDictionary<string, object?> variables) =>
        Programs.GetOrAdd(expression, static text => Environment.Compile(text)).Invoke(new Dictionary<string, object?>(variables, StringComparer.Ordinal));

    /// <summary>What stands for a JSON value in CEL.</summary>
    public static object? Value(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(m => m.Key, m => Value(m.Value), StringComparer.Ordinal),
        JsonArray list => list.Select(Value).ToList(),
        null => null,
        _ => node.GetValueKind() switch
        {
            JsonValueKind.String => node.GetValue<string>(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => Number(node.ToJsonString()),
        },
    };

    private static object Number(string text) =>
        long.TryParse(text, CultureInfo.InvariantCulture, out var whole) ? whole : double.Parse(text, CultureInfo.InvariantCulture);
}
