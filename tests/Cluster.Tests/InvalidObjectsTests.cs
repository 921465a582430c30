using System.Text.Json.Nodes;
using Sluice.Kube;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests;

/// <summary>The table of <c>tests/Manifests.Tests/Schemas/invalid.yaml</c>, sent to an API server: refused by whom it says, for what it says.</summary>
public sealed class InvalidObjectsTests(TestCluster cluster)
{
    // Unknown fields would be dropped otherwise, with a warning.
    private const string Strictly = ApiCalls.DryRun + "&fieldValidation=Strict";

    public static TheoryData<string> TestKinds => [.. InvalidObject.Kinds];

    [Theory]
    [MemberData(nameof(TestKinds))]
    public async Task What_the_table_says_the_schema_refuses_is_refused(string kind)
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var nameSpace = await area.NamespaceAsync();
        var wrong = new List<string>();
        foreach (var entry in InvalidObject.All.Where(e => e.Kind == kind && e.By != "Validators"))
        {
            var answer = await SendAsync(area, entry, nameSpace);
            if (answer.Code is not (400 or 422) || !answer.Message.Contains(entry.Path, StringComparison.Ordinal))
                wrong.Add($"{entry.Title} ({entry.Path}): {answer}");
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Every_rule_speaks_its_own_words()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var nameSpace = await area.NamespaceAsync();
        var said = new List<string>();
        foreach (var entry in InvalidObject.All.Where(e => e.By != "Validators"))
            said.Add((await SendAsync(area, entry, nameSpace)).Message);
        var words = Kustomization.Render("").Where(i => Yaml.Text(i["kind"]) == "CustomResourceDefinition").SelectMany(Messages).Distinct(StringComparer.Ordinal);
        Assert.DoesNotContain(words, w => !said.Exists(s => s.Contains(w, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_only_the_validators_refuse_is_refused_by_the_webhook()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var nameSpace = await area.NamespaceAsync();
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace, validating: true);
        var wrong = new List<string>();
        foreach (var entry in InvalidObject.All.Where(e => e.By == "Validators" && e.Path != "metadata.namespace"))
        {
            var answer = await SendAsync(area, entry, nameSpace);
            if (!answer.Message.Contains("admission webhook \"resources.sluice.io\" denied the request", StringComparison.Ordinal) || !answer.Message.Contains(entry.Path, StringComparison.Ordinal))
                wrong.Add($"{entry.Title} ({entry.Path}): {answer}");
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task The_objects_that_the_table_begins_with_are_taken()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var nameSpace = await area.NamespaceAsync();
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace, validating: true);
        foreach (var kind in InvalidObject.Kinds)
        {
            var answer = await area.Cluster.Calls.CreateAsync(In(nameSpace, InvalidObject.Base(kind)), Strictly);
            Assert.True(answer.Code == 201, $"{kind}: {answer}");
        }
    }

    private static async Task<Answer> SendAsync(TestArea area, InvalidObject entry, string nameSpace)
    {
        var item = In(nameSpace, entry.Item);
        if (entry.Old is null)
            return await area.Cluster.Calls.CreateAsync(item, Strictly);
        var old = In(nameSpace, entry.Old);
        await area.Cluster.ApplyAsync(old);
        var answer = await area.Cluster.Calls.ReplaceAsync(Kinds.Target(old), await WithVersionAsync(area, old, item), Strictly);
        await area.Cluster.DeleteAsync(Kinds.Target(old));
        return answer;
    }

    /// <summary>Objects of our kinds are replaced only by who says which version is meant.</summary>
    private static async Task<JsonObject> WithVersionAsync(TestArea area, JsonObject old, JsonObject item)
    {
        var stored = await area.Cluster.Client.GetAsync(Kinds.Target(old), TestContext.Current.CancellationToken);
        item["metadata"]!["resourceVersion"] = stored.GetProperty("metadata").GetProperty("resourceVersion").GetString();
        return item;
    }

    private static JsonObject In(string nameSpace, JsonObject item)
    {
        var copy = item.DeepClone().AsObject();
        if (copy["metadata"]!["namespace"] is not null)
            copy["metadata"]!["namespace"] = nameSpace;
        return copy;
    }

    /// <summary>Constant messages of rules, wherever they are in a schema.</summary>
    private static IEnumerable<string> Messages(JsonNode? item) => item switch
    {
        JsonObject map => map.SelectMany(m => m.Key == "x-kubernetes-validations"
            ? m.Value!.AsArray().Where(r => r!["messageExpression"] is null).Select(r => Yaml.Text(r!["message"]))
            : Messages(m.Value)),
        JsonArray list => list.SelectMany(Messages),
        _ => [],
    };
}
