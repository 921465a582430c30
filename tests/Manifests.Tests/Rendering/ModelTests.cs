using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using k8s.Models;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Rendering;

/// <summary>Objects of built-in kinds hold no field that Kubernetes does not know: a misspelt one would be dropped in silence.</summary>
public sealed class ModelTests
{
    private static readonly Dictionary<string, Type> Models = typeof(V1Pod).Assembly.GetTypes()
        .Select(t => (Type: t, Entity: t.GetCustomAttribute<KubernetesEntityAttribute>()))
        .Where(t => t.Entity is not null)
        .ToDictionary(t => $"{(t.Entity!.Group.Length == 0 ? "" : t.Entity.Group + "/")}{t.Entity.ApiVersion} {t.Entity.Kind}", t => t.Type, StringComparer.Ordinal);

    private static readonly string[] Foreign = ["sluice.io/", "cert-manager.io/", "monitoring.coreos.com/"];

    private static readonly JsonSerializerOptions Strict = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        PropertyNameCaseInsensitive = false,
    };

    public static TheoryData<string> Roots => [.. Kustomization.Roots];

    [Theory]
    [MemberData(nameof(Roots))]
    public void Every_object_of_a_built_in_kind_is_read_strictly(string root)
    {
        var read = 0;
        foreach (var item in Kustomization.Render(root))
        {
            var kind = $"{Yaml.Text(item["apiVersion"])} {Yaml.Text(item["kind"])}";
            if (Foreign.Any(f => kind.StartsWith(f, StringComparison.Ordinal)))
                continue;
            Assert.True(Models.TryGetValue(kind, out var model), $"{Yaml.FullName(item)}: no {kind} is known");
            Assert.NotNull(Read(item, model));
            read++;
        }
        Assert.InRange(read, 20, 100);
    }

    [Theory]
    [InlineData("Deployment", "spec.template.spec.containers.0.imagePullPolice")]
    [InlineData("Deployment", "spec.strategy.rollingUpdate.maxSurplus")]
    [InlineData("MutatingWebhookConfiguration", "webhooks.0.failPolicy")]
    [InlineData("ValidatingAdmissionPolicy", "spec.matchConstraints.rules")]
    public void A_misspelt_field_is_found(string kind, string path)
    {
        var item = Kustomization.Render("").First(i => Yaml.Text(i["kind"]) == kind).DeepClone().AsObject();
        JsonNode at = item;
        foreach (var segment in path.Split('.')[..^1])
            at = int.TryParse(segment, System.Globalization.CultureInfo.InvariantCulture, out var index) ? at[index]! : at[segment]!;
        at[path.Split('.')[^1]] = "x";
        Assert.Throws<JsonException>(() => Read(item, Models[$"{Yaml.Text(item["apiVersion"])} {kind}"]));
    }

    private static object? Read(JsonObject item, Type model) => JsonSerializer.Deserialize(item.ToJsonString(), model, Strict);
}
