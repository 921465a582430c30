using System.Text.Json.Nodes;
using Cel;
using Sluice.Manifests.Tests.Schemas;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Admission;

/// <summary>One ValidatingAdmissionPolicy of deploy/manifests, evaluated as an API server does.</summary>
internal sealed class AdmissionPolicy
{
    private readonly JsonObject _spec;

    private AdmissionPolicy(JsonObject policy) => (Name, _spec) = (Yaml.Text(policy["metadata"]!["name"]), policy["spec"]!.AsObject());

    public static IReadOnlyList<AdmissionPolicy> All { get; } =
        [.. Kustomization.Render("").Where(i => Yaml.Text(i["kind"]) == "ValidatingAdmissionPolicy").Select(i => new AdmissionPolicy(i))];

    public string Name { get; }

    public IEnumerable<string> Expressions =>
        Texts("matchConditions", "expression").Concat(Texts("variables", "expression")).Concat(Texts("validations", "expression")).Concat(Texts("validations", "messageExpression"));

    /// <summary>What the policies say to a request; empty when they let it pass.</summary>
    public static IReadOnlyList<string> Check(PodAdmission request) => [.. All.SelectMany(p => p.Messages(request))];

    private List<string> Messages(PodAdmission request)
    {
        if (!IsFor(request))
            return [];
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["object"] = CommonExpression.Value(request.Pod),
            ["oldObject"] = CommonExpression.Value(request.Old),
            ["namespaceObject"] = CommonExpression.Value(new JsonObject { ["metadata"] = request.NamespaceLabels is { } labels ? new JsonObject { ["labels"] = labels.DeepClone() } : [] }),
        };
        if (Texts("matchConditions", "expression").Any(c => CommonExpression.Evaluate(c, variables) is not true))
            return [];
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        variables["variables"] = named;
        foreach (var variable in List("variables"))
            named[Yaml.Text(variable["name"])] = CommonExpression.Evaluate(Yaml.Text(variable["expression"]), variables);
        return [.. List("validations").Where(v => !Holds(Yaml.Text(v["expression"]), variables)).Select(v => $"{Name}: {Message(v, variables)}")];
    }

    private bool IsFor(PodAdmission request)
    {
        var constraints = _spec["matchConstraints"]!;
        var excluded = constraints["namespaceSelector"]?["matchExpressions"]!.AsArray().Single()!["values"]!.AsArray().Select(Yaml.Text) ?? [];
        return !excluded.Contains(request.Namespace, StringComparer.Ordinal)
            && constraints["resourceRules"]!.AsArray().Any(r => Holds(r!["operations"], request.Operation) && Holds(r["resources"], request.Resource));
    }

    private static bool Holds(JsonNode? list, string text) => list!.AsArray().Select(Yaml.Text).Contains(text, StringComparer.Ordinal);

    /// <summary>An expression that fails is a violation: failurePolicy is Fail.</summary>
    private static bool Holds(string expression, Dictionary<string, object?> variables)
    {
        try
        {
            return CommonExpression.Evaluate(expression, variables) is true;
        }
        catch (CelException)
        {
            return false;
        }
    }

    private static string Message(JsonObject validation, Dictionary<string, object?> variables) => validation["messageExpression"] is { } expression
        ? (string)CommonExpression.Evaluate(Yaml.Text(expression), variables)!
        : Yaml.Text(validation["message"]);

    private IEnumerable<JsonObject> List(string name) => (_spec[name]?.AsArray() ?? []).Select(i => i!.AsObject());

    private IEnumerable<string> Texts(string list, string name) => List(list).Where(i => i[name] is not null).Select(i => Yaml.Text(i[name]));
}

/// <summary>What is asked of an API server about a pod.</summary>
internal sealed record PodAdmission(string Operation, string Resource, string Namespace, JsonObject Pod)
{
    public JsonObject? Old { get; init; }

    /// <summary>Null for a namespace without labels.</summary>
    public JsonObject? NamespaceLabels { get; init; }
}
