using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Api.Manifests;
using Sluice.Api.Validation;
using Sluice.Testing;
using Sluice.Testing.Golden;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Schemas;

/// <summary>What we ship and what people are likely to write fits the schemas, and comes through the types unchanged.</summary>
public sealed class SamplesTests
{
    private static readonly string[] Directories = ["deploy/samples/catalog", "deploy/manifests/profiles"];

    public static TheoryData<string> Files =>
    [
        .. Directories.SelectMany(d => Directory.EnumerateFiles(Repository.PathOf(d), "*.yaml", SearchOption.AllDirectories))
            .Append(FullObjects).Select(f => Path.GetRelativePath(Repository.Root, f)).Where(f => Ours(f).Any()).Order(StringComparer.Ordinal),
    ];

    private static string FullObjects { get; } = Repository.PathOf("tests", "Manifests.Tests", "Schemas", "full.yaml");

    [Theory]
    [MemberData(nameof(Files))]
    public void Shipped_objects_fit_their_schemas(string file) =>
        Assert.All(Ours(file), item => Assert.Empty(CustomResource.Of(Yaml.Text(item["kind"])).Check(item)));

    [Theory]
    [MemberData(nameof(Files))]
    public void Shipped_objects_are_right_for_the_validators_and_come_through_the_types_unchanged(string file)
    {
        foreach (var item in Ours(file))
        {
            var read = ManifestReader.ReadJson(file, JsonSerializer.SerializeToUtf8Bytes(item));
            Assert.Empty(read.Errors);
            var resource = Assert.Single(read.Objects).Resource;
            Assert.Empty(ManifestValidation.Check(resource));
            AssertContains("", item, Write(resource));
            Assert.Empty(CustomResource.Of(Yaml.Text(item["kind"])).Check(Write(resource)));
        }
    }

    [Fact]
    public void Objects_in_the_documentation_fit_their_schemas()
    {
        var judged = 0;
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md"))
        {
            foreach (var block in Yaml.Blocks(File.ReadAllText(file)))
            {
                foreach (var item in Yaml.Read(file, block).Where(i => Yaml.Text(i["apiVersion"]) == Names.ApiVersion))
                {
                    var errors = CustomResource.Of(Yaml.Text(item["kind"])).Check(item);
                    Assert.True(errors.Count == 0, $"{file}, {Yaml.FullName(item)}: {string.Join("; ", errors)}");
                    judged++;
                }
            }
        }
        Assert.InRange(judged, 3, 1000);
    }

    [Fact]
    public void The_full_objects_have_every_field_of_every_schema()
    {
        foreach (var resource in CustomResource.All)
        {
            var set = new HashSet<string>(StringComparer.Ordinal);
            foreach (var item in Ours(Path.GetRelativePath(Repository.Root, FullObjects)).Where(i => Yaml.Text(i["kind"]) == resource.Kind))
                Collect("", resource.Schema, item, set);
            var missing = resource.Walk().Select(w => w.Path).Where(p => !p.StartsWith("metadata.", StringComparison.Ordinal) && !set.Contains(p)).ToList();
            Assert.True(missing.Count == 0, $"{resource.Kind}: {string.Join(", ", missing)}");
        }
    }

    [Fact]
    public void What_the_validators_accept_in_the_golden_catalog_the_schemas_accept()
    {
        var judged = 0;
        foreach (var item in GoldenCatalog.Objects)
        {
            if (item.Resource is Namespace || ManifestValidation.Check(item.Resource).Count > 0)
                continue;
            var errors = CustomResource.Of(item.Kind).Check(Write(item.Resource));
            Assert.True(errors.Count == 0, $"{item.FullName}: {string.Join("; ", errors)}");
            judged++;
        }
        Assert.InRange(judged, 100, int.MaxValue);
    }

    private static IEnumerable<JsonObject> Ours(string file) =>
        Yaml.ReadFile(Repository.PathOf(file)).Where(i => Yaml.Text(i["apiVersion"]) == Names.ApiVersion);

    private static JsonObject Write(object resource) =>
        JsonSerializer.SerializeToNode(resource, ApiJson.Default.GetTypeInfo(resource.GetType())!)!.AsObject();

    private static void Collect(string path, JsonObject schema, JsonNode value, HashSet<string> set)
    {
        set.Add(path);
        switch (value)
        {
            case JsonArray list when schema["items"] is JsonObject items:
                foreach (var item in list)
                    Collect(path + "[]", items, item!, set);
                break;
            case JsonObject map when schema["additionalProperties"] is JsonObject values:
                foreach (var (_, item) in map)
                    Collect(path + "{}", values, item!, set);
                break;
            case JsonObject map:
                foreach (var (name, item) in map)
                {
                    if (item is not null && schema["properties"]?[name] is JsonObject below)
                        Collect(path.Length == 0 ? name : $"{path}.{name}", below, item, set);
                }
                break;
        }
    }

    /// <summary>Every value that was written is there again. Times may be spelled another way.</summary>
    private static void AssertContains(string path, JsonNode? written, JsonNode? read)
    {
        switch (written)
        {
            case JsonObject map:
                foreach (var (name, value) in map)
                    AssertContains($"{path}.{name}", value, read?[name]);
                break;
            case JsonArray list:
                Assert.True(read is JsonArray again && again.Count == list.Count, path);
                for (var i = 0; i < list.Count; i++)
                    AssertContains($"{path}[{i}]", list[i], read![i]);
                break;
            default:
                Assert.True(Same(written!, read), $"{path}: {written} became {read}");
                break;
        }
    }

    private static bool Same(JsonNode written, JsonNode? read)
    {
        if (JsonNode.DeepEquals(written, read))
            return true;
        // Quantities are text once they were read.
        if (read?.GetValueKind() == JsonValueKind.String && written.GetValueKind() == JsonValueKind.Number)
            return read.GetValue<string>() == written.ToJsonString();
        return DateTimeOffset.TryParse(Yaml.Text(written), System.Globalization.CultureInfo.InvariantCulture, out var time)
            && DateTimeOffset.TryParse(Yaml.Text(read), System.Globalization.CultureInfo.InvariantCulture, out var again) && time == again;
    }
}
