using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Kube;
using Sluice.Testing;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests;

/// <summary>Our kinds as an API server serves them.</summary>
public sealed class CustomResourceTests(TestCluster cluster)
{
    private static readonly string[] Sources = ["deploy/samples/catalog", "deploy/manifests/profiles", "tests/Manifests.Tests/Schemas/full.yaml"];

    public static TheoryData<string> Files =>
    [
        .. Sources.SelectMany(s => s.EndsWith(".yaml", StringComparison.Ordinal) ? [s] : Directory.EnumerateFiles(Repository.PathOf(s), "*.yaml").Select(f => Path.GetRelativePath(Repository.Root, f)))
            .Where(f => Ours(f).Count > 0).Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_shipped_object_is_applied_and_comes_back_as_it_was_written(string file)
    {
        await using var area = await TestArea.OpenAsync(cluster);
        foreach (var item in Ours(file))
        {
            await PlaceAsync(area, item);
            await area.MakeAsync(item);
            if (item["status"] is not null)
                await area.Cluster.Client.ApplyAsync(Kinds.Target(item).Status, Json.Bytes(item), "sluice-tests", force: true, TestContext.Current.CancellationToken);
            var stored = Json.Object(await area.Cluster.Client.GetAsync(Kinds.Target(item), TestContext.Current.CancellationToken));
            Assert.Null(Subset.Missing("", item, stored));
        }
    }

    [Fact]
    public async Task A_Runtime_is_scaled_to_0_and_stays_there()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var runtime = Json.Parse($$$"""
            {"apiVersion":"sluice.io/v1alpha1","kind":"Runtime","metadata":{"name":"warm","namespace":"{{{await area.NamespaceAsync()}}}"},"spec":{"profile":"webcache","replicas":3}}
            """);
        await area.MakeAsync(runtime);
        var scale = Kinds.Target(runtime) with { Subresource = "scale" };
        var client = area.Cluster.Client;
        Assert.Equal(3, Replicas(await client.GetAsync(scale, TestContext.Current.CancellationToken)));

        var scaled = await client.MergePatchAsync(scale, Json.Bytes(Json.Parse("""{"spec":{"replicas":0}}""")), TestContext.Current.CancellationToken);
        Assert.Equal(0, Replicas(scaled));
        var stored = await client.GetAsync(Kinds.Target(runtime), TestContext.Current.CancellationToken);
        Assert.Equal(JsonValueKind.Number, stored.GetProperty("spec").GetProperty("replicas").ValueKind);
        Assert.Equal(0, Replicas(stored));
        Assert.Equal(0, Replicas(await client.GetAsync(scale, TestContext.Current.CancellationToken)));

        var status = Json.Parse("""{"status":{"replicas":2,"selector":"sluice.io/runtime=warm"}}""");
        await client.MergePatchAsync(Kinds.Target(runtime).Status, Json.Bytes(status), TestContext.Current.CancellationToken);
        var shown = (await client.GetAsync(scale, TestContext.Current.CancellationToken)).GetProperty("status");
        Assert.Equal((2, "sluice.io/runtime=warm"), (shown.GetProperty("replicas").GetInt32(), shown.GetProperty("selector").GetString()));
    }

    [Fact]
    public async Task Kubectl_gets_the_columns_of_each_kind_with_their_values()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        foreach (var item in Full())
        {
            await PlaceAsync(area, item);
            await area.MakeAsync(item);
            if (item["status"] is not null)
                await area.Cluster.Client.ApplyAsync(Kinds.Target(item).Status, Json.Bytes(item), "sluice-tests", force: true, TestContext.Current.CancellationToken);
            var columns = Version(item)["additionalPrinterColumns"]!.AsArray();
            var table = (await area.Cluster.Calls.GetAsync(Kinds.Target(item).Path, ApiCalls.Table)).Body;
            var names = table.GetProperty("columnDefinitions").EnumerateArray().Select(c => c.GetProperty("name").GetString()!).ToList();
            Assert.Equal(["Name", .. columns.Select(c => Yaml.Text(c!["name"]))], names, StringComparer.Ordinal);
            var cells = table.GetProperty("rows")[0].GetProperty("cells").EnumerateArray().ToList();
            for (var i = 0; i < columns.Count; i++)
            {
                // A wrong path gives null, in silence.
                if (Subset.At(item, Yaml.Text(columns[i]!["jsonPath"])) is not null)
                    Assert.True(cells[i + 1].ValueKind != JsonValueKind.Null, $"{Yaml.FullName(item)}: {names[i + 1]} is empty");
            }
        }
    }

    [Fact]
    public async Task Objects_are_selected_by_the_fields_that_their_definition_names()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        area.Cluster.NeedsKubernetes(31, "selectable fields");
        foreach (var item in Full())
        {
            await PlaceAsync(area, item);
            await area.MakeAsync(item);
            if (item["status"] is not null)
                await area.Cluster.Client.ApplyAsync(Kinds.Target(item).Status, Json.Bytes(item), "sluice-tests", force: true, TestContext.Current.CancellationToken);
            var target = Kinds.Target(item);
            foreach (var path in (Version(item)["selectableFields"]?.AsArray() ?? []).Select(f => Yaml.Text(f!["jsonPath"])))
            {
                if (Subset.At(item, path) is not { } value)
                    continue;
                Assert.Contains(target.Name, await NamesAsync(area.Cluster, target, $"{path[1..]}={value}"), StringComparer.Ordinal);
                Assert.DoesNotContain(target.Name, await NamesAsync(area.Cluster, target, $"{path[1..]}!={value}"), StringComparer.Ordinal);
            }
        }
    }

    private static async Task<List<string>> NamesAsync(RunningCluster cluster, ApiObject target, string selector)
    {
        var names = new List<string>();
        await cluster.Client.ListAsync(
            target.Resource, target.Namespace, new ListQuery { FieldSelector = selector }, item => names.Add(item.GetProperty("metadata").GetProperty("name").GetString()!), TestContext.Current.CancellationToken);
        return names;
    }

    private static int Replicas(JsonElement item) => item.GetProperty("spec").GetProperty("replicas").GetInt32();

    private static List<JsonObject> Full() => Ours(Sources[^1]);

    private static List<JsonObject> Ours(string file) => [.. Yaml.ReadFile(Repository.PathOf(file)).Where(i => Yaml.Text(i["apiVersion"]) == Names.ApiVersion)];

    private static JsonObject Version(JsonObject item) => Kustomization.Render("").Find("CustomResourceDefinition", Kinds.Of(item).ToString())["spec"]!["versions"]![0]!.AsObject();

    /// <summary>Puts the object into the area's namespace of that name.</summary>
    private static async Task PlaceAsync(TestArea area, JsonObject item)
    {
        if (item["metadata"]!["namespace"] is not { } name)
            return;
        if (!area.Namespaces.TryGetValue(Yaml.Text(name), out var full))
            full = await area.NamespaceAsync(Yaml.Text(name));
        item["metadata"]!["namespace"] = full;
    }
}
