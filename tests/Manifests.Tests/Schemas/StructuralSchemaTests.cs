using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>
/// What an API server demands of a CustomResourceDefinition before it serves it: structural schemas, limits, and names that
/// point at something. Source: Kubernetes' documentation, "Specifying a structural schema".
/// </summary>
public sealed partial class StructuralSchemaTests
{
    private static readonly string[] Forbidden =
    [
        "$ref", "$schema", "definitions", "dependencies", "deprecated", "discriminator", "id", "patternProperties", "readOnly", "writeOnly", "xml",
        "uniqueItems", "oneOf", "allOf", "not", "additionalItems", "nullable", "title", "example",
    ];

    private static readonly string[] Reasons = ["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"];

    public static TheoryData<string> Kinds => [.. CustomResource.All.Select(c => c.Kind)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_value_has_a_type_and_no_keyword_that_is_forbidden(string kind)
    {
        foreach (var (path, schema) in CustomResource.Of(kind).Walk())
        {
            var intOrString = schema["x-kubernetes-int-or-string"] is not null;
            Assert.True(intOrString == schema["type"] is null, $"{path}: a type, or int-or-string");
            Assert.DoesNotContain(Forbidden, keyword => schema.ContainsKey(keyword));
            Assert.False(schema.ContainsKey("properties") && schema.ContainsKey("additionalProperties"), $"{path}: properties and additionalProperties exclude each other");
            Assert.True(schema["additionalProperties"] is null or JsonObject, $"{path}: additionalProperties must be a schema");
            Assert.Equal(intOrString ? """[{"type":"integer"},{"type":"string"}]""" : "", schema["anyOf"]?.ToJsonString() ?? "");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_list_map_and_text_is_bounded(string kind)
    {
        foreach (var (path, schema) in CustomResource.Of(kind).Walk())
        {
            var bounded = Yaml.Text(schema["type"]) switch
            {
                "array" => schema.ContainsKey("maxItems"),
                "string" => schema.ContainsKey("maxLength") || schema.ContainsKey("enum") || Yaml.Text(schema["format"]) == "date-time",
                "object" => !schema.ContainsKey("additionalProperties") || schema.ContainsKey("maxProperties"),
                "" => schema.ContainsKey("maxLength"),
                _ => true,
            };
            Assert.True(bounded, $"{path} has no limit");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_property_is_described_in_a_sentence(string kind)
    {
        foreach (var (path, schema) in CustomResource.Of(kind).Walk())
        {
            if (path.EndsWith(']') || path.EndsWith('}') || path == "metadata" || path.StartsWith("metadata.", StringComparison.Ordinal))
                continue;
            var description = Yaml.Text(schema["description"]);
            Assert.True(description.Length > 3 && description.EndsWith('.'), $"{path}: \"{description}\"");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Metadata_restricts_the_name_alone(string kind)
    {
        var metadata = CustomResource.Of(kind).Schema["properties"]!["metadata"]!.AsObject();
        Assert.Equal(["type", "properties"], metadata.Select(m => m.Key), StringComparer.Ordinal);
        Assert.Equal(["name", "generateName"], metadata["properties"]!.AsObject().Select(p => p.Key), StringComparer.Ordinal);
        // Kubernetes puts five characters behind generateName.
        Assert.Equal(metadata["properties"]!["name"]!["maxLength"]!.GetValue<int>(), metadata["properties"]!["generateName"]!["maxLength"]!.GetValue<int>() + 5);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_default_fits_its_own_schema(string kind)
    {
        foreach (var (path, schema) in CustomResource.Of(kind).Walk())
        {
            if (schema["default"] is not { } standard)
                continue;
            var holder = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["it"] = schema.DeepClone() } };
            var value = new JsonObject { ["it"] = standard.DeepClone() };
            Assert.True(new OpenApiSchema(holder).Check(value).Count == 0 && !ValidationRules.Check(holder, value, null).Any(), $"{path}: {standard.ToJsonString()}");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Patterns_compile_and_use_nothing_that_Go_lacks(string kind)
    {
        foreach (var (path, schema) in CustomResource.Of(kind).Walk())
        {
            var patterns = RawText().Matches(string.Join('\n', Rules(schema).Select(r => Yaml.Text(r["rule"])))).Select(m => m.Groups["text"].Value);
            foreach (var pattern in patterns.Append(Yaml.Text(schema["pattern"])))
            {
                Assert.False(LookAround().IsMatch(pattern), $"{path}: {pattern}");
                _ = new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Lists_with_keys_require_them(string kind)
    {
        foreach (var (_, list) in CustomResource.Of(kind).Walk().Where(w => Yaml.Text(w.Schema["x-kubernetes-list-type"]) == "map"))
        {
            foreach (var key in list["x-kubernetes-list-map-keys"]!.AsArray().Select(Yaml.Text))
                Assert.Contains(key, list["items"]!["required"]!.AsArray().Select(Yaml.Text), StringComparer.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_rule_says_one_line_and_points_at_a_field_that_is_there(string kind)
    {
        foreach (var (path, schema) in CustomResource.Of(kind).Walk())
        {
            foreach (var rule in Rules(schema))
            {
                Assert.InRange(Yaml.Text(rule["message"]).Length, 10, 300);
                Assert.DoesNotContain('\n', Yaml.Text(rule["message"]));
                Assert.True(rule["reason"] is null || Reasons.Contains(Yaml.Text(rule["reason"]), StringComparer.Ordinal), $"{path}: {rule["reason"]}");
                if (rule["fieldPath"] is { } field)
                    Assert.True(schema["properties"]?[Yaml.Text(field).TrimStart('.')] is not null, $"{path}: {field}");
                Assert.All(rule.Select(r => r.Key), key => Assert.Contains(key, (string[])["rule", "message", "fieldPath", "reason"], StringComparer.Ordinal));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Columns_and_selectable_fields_are_values_of_the_schema(string kind)
    {
        var resource = CustomResource.Of(kind);
        foreach (var column in resource.Version["additionalPrinterColumns"]!.AsArray())
        {
            var path = Yaml.Text(column!["jsonPath"]);
            if (path == ".metadata.creationTimestamp")
                continue;
            var schema = resource.Find(path);
            Assert.True(schema is not null, $"column {column["name"]}: no {path}");
            var type = Yaml.Text(column["type"]) == "date" ? "string" : Yaml.Text(column["type"]);
            Assert.True(type == Yaml.Text(schema["type"]) || (type == "string" && Yaml.Text(schema["type"]) is "array" or ""), $"column {column["name"]}: {type}");
        }
        foreach (var field in resource.Version["selectableFields"]!.AsArray())
        {
            var schema = resource.Find(Yaml.Text(field!["jsonPath"]));
            Assert.True(schema is not null && Yaml.Text(schema["type"]) is "string" or "boolean" or "integer", field.ToJsonString());
        }
    }

    [Fact]
    public void Names_do_not_collide_and_all_are_in_one_category()
    {
        var names = CustomResource.All.Select(c => c.Spec["names"]!.AsObject()).ToList();
        string[] taken = ["ds", "rs", "sts", "svc", "cm", "ns", "po", "pv", "pvc", "deploy", "sa", "pdb", "netpol", "hpa", "crd", "sc", "ing", "ev", "ep", "cj", "no", "limits", "quota", "pc"];
        var all = names.SelectMany(n => n["shortNames"]!.AsArray().Select(Yaml.Text).Append(Yaml.Text(n["singular"])).Append(Yaml.Text(n["plural"]))).ToList();
        Assert.Equal(all.Count, all.Distinct(StringComparer.Ordinal).Count());
        Assert.Empty(all.Intersect(taken, StringComparer.Ordinal));
        Assert.All(names, n => Assert.Equal("""["sluice"]""", n["categories"]!.ToJsonString()));
        Assert.All(CustomResource.All, c => Assert.Equal($"{Yaml.Text(c.Spec["names"]!["plural"])}.{Api.Names.Group}", Yaml.Text(c.Definition["metadata"]!["name"])));
        Assert.All(CustomResource.All, c => Assert.Equal(Api.Names.Version, Yaml.Text(c.Version["name"])));
    }

    [Fact]
    public void What_has_a_status_has_it_as_a_subresource_and_a_Runtime_can_be_scaled()
    {
        Assert.All(CustomResource.All, c => Assert.Equal(c.Find(".status") is not null, c.Version["subresources"]?["status"] is not null));
        var scale = CustomResource.Of(nameof(Api.Runtime)).Version["subresources"]!["scale"]!.AsObject();
        var runtime = CustomResource.Of(nameof(Api.Runtime));
        Assert.Equal("integer", Yaml.Text(runtime.Find(Yaml.Text(scale["specReplicasPath"]))!["type"]));
        Assert.Equal("integer", Yaml.Text(runtime.Find(Yaml.Text(scale["statusReplicasPath"]))!["type"]));
        Assert.Equal("string", Yaml.Text(runtime.Find(Yaml.Text(scale["labelSelectorPath"]))!["type"]));
        // Without a default, /scale of a Runtime that says nothing would answer 0.
        Assert.Equal(1, runtime.Find(".spec.replicas")!["default"]!.GetValue<int>());
    }

    private static IEnumerable<JsonObject> Rules(JsonObject schema) => (schema["x-kubernetes-validations"]?.AsArray() ?? []).Select(r => r!.AsObject());

    [GeneratedRegex(@"\br(?<quote>'''|')(?<text>.*?)\k<quote>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RawText();

    [GeneratedRegex(@"\(\?[=!<]|\\[1-9kZz]|\(\?>", RegexOptions.None, 1000)]
    private static partial Regex LookAround();
}
