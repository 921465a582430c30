using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Manifests.Tests.Schemas;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Admission;

/// <summary>
/// Which pods an API server sends to the webhook. A pod that matches two entries would be sent twice, one that matches none
/// though it should would start without its data.
/// </summary>
public sealed class AdmissionEntriesTests
{
    private static readonly string[] Excluded = ["kube-system", "kube-node-lease", "sluice-system"];

    public static TheoryData<string> Roots => [.. Kustomization.Roots];

    [Theory]
    [MemberData(nameof(Roots))]
    public void Every_pod_matches_the_one_entry_that_is_meant_for_it_or_none(string root)
    {
        var entries = Entries(root);
        var combinations = 0;
        foreach (var nameSpace in (string[])["vision", .. Excluded])
            foreach (var injection in (string?[])[null, "enabled", "disabled", ""])
                foreach (var dataset in (string?[])[null, "imagenet", ""])
                    foreach (var inject in (string?[])[null, "true", "false", "maybe"])
                        foreach (var injected in (string?[])[null, "true"])
                            foreach (var driver in (string?[])[null, Names.CsiDriver, "csi.example.org"])
                            {
                                var labels = Labels((Names.DatasetLabel, dataset), (Names.InjectLabel, inject), (Names.InjectedLabel, injected));
                                var matching = entries.Where(e => Matches(e, Labels(("kubernetes.io/metadata.name", nameSpace), (Names.InjectionLabel, injection)), labels, Pod(labels, driver))).Select(e => Yaml.Text(e["name"]));
                                Assert.Equal(Expected(nameSpace, injection, dataset, inject, driver), string.Join(", ", matching));
                                combinations++;
                            }
        Assert.Equal(4 * 4 * 3 * 4 * 2 * 3, combinations);
    }

    [Theory]
    [MemberData(nameof(Roots))]
    public void Entries_fail_closed_but_for_the_one_that_an_overlay_opens(string root) => Assert.All(Entries(root), entry =>
        Assert.Equal(
            root == "overlays/e3-ignore" && Yaml.Text(entry["name"]) == "namespace.pods.sluice.io" ? "Ignore" : "Fail",
            Yaml.Text(entry["failurePolicy"])));

    [Theory]
    [MemberData(nameof(Roots))]
    public void Entries_are_narrow_and_the_same_in_all_but_whom_they_select(string root) => Assert.All(Entries(root), entry =>
    {
        Assert.Equal("""[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"],"scope":"Namespaced"}]""", entry["rules"]!.ToJsonString());
        Assert.Equal(("IfNeeded", "None", "Equivalent", 5), (Yaml.Text(entry["reinvocationPolicy"]), Yaml.Text(entry["sideEffects"]), Yaml.Text(entry["matchPolicy"]), entry["timeoutSeconds"]!.GetValue<int>()));
        Assert.Equal("""["v1"]""", entry["admissionReviewVersions"]!.ToJsonString());
        Assert.Equal("/mutate", Yaml.Text(entry["clientConfig"]!["service"]!["path"]));
        var selectors = entry["namespaceSelector"]!.ToJsonString() + entry["objectSelector"]!.ToJsonString();
        Assert.DoesNotContain(Names.InjectedLabel, selectors.Replace(Names.InjectionLabel, "", StringComparison.Ordinal), StringComparison.Ordinal);
    });

    [Fact]
    public void The_own_namespace_is_excluded_and_has_no_label_that_asks()
    {
        var nameSpace = Kustomization.Render("").Find("Namespace", "sluice-system");
        Assert.Contains(Yaml.Text(nameSpace["metadata"]!["name"]), Excluded, StringComparer.Ordinal);
        Assert.False(nameSpace["metadata"]!["labels"]!.AsObject().ContainsKey(Names.InjectionLabel));
    }

    [Fact]
    public void Our_own_kinds_are_validated_by_name()
    {
        var rules = Kustomization.Render("").Find("ValidatingWebhookConfiguration", "sluice-webhook")["webhooks"]!.AsArray().Single()!["rules"]!.AsArray();
        Assert.All(rules, r => Assert.Equal("""["sluice.io"]""", r!["apiGroups"]!.ToJsonString()));
        Assert.Equal(
            CustomResource.All.Select(c => Yaml.Text(c.Spec["names"]!["plural"])).Order(StringComparer.Ordinal),
            rules[0]!["resources"]!.AsArray().Select(Yaml.Text).Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    private static string Expected(string nameSpace, string? injection, string? dataset, string? inject, string? driver)
    {
        if (Excluded.Contains(nameSpace, StringComparer.Ordinal))
            return "";
        if (dataset is not null)
            return "dataset.pods.sluice.io";
        if (inject is not null)
            return "inject.pods.sluice.io";
        if (injection == Names.InjectionEnabled)
            return "namespace.pods.sluice.io";
        return driver == Names.CsiDriver ? "volume.pods.sluice.io" : "";
    }

    private static List<JsonObject> Entries(string root) =>
        [.. Kustomization.Render(root).Find("MutatingWebhookConfiguration", "sluice-webhook")["webhooks"]!.AsArray().Select(w => w!.AsObject())];

    private static bool Matches(JsonObject entry, Dictionary<string, string> nameSpace, Dictionary<string, string> labels, JsonObject pod) =>
        Selector(entry["namespaceSelector"]!).Matches(nameSpace)
        && Selector(entry["objectSelector"]!).Matches(labels)
        && (entry["matchConditions"]?.AsArray() ?? []).All(c => CommonExpression.Evaluate(Yaml.Text(c!["expression"]), new Dictionary<string, object?>(StringComparer.Ordinal) { ["object"] = CommonExpression.Value(pod) }) is true);

    private static LabelSelector Selector(JsonNode selector) => selector.Deserialize(ApiJson.Default.LabelSelector)!;

    private static Dictionary<string, string> Labels(params (string Key, string? Value)[] labels) =>
        labels.Where(l => l.Value is not null).ToDictionary(l => l.Key, l => l.Value!, StringComparer.Ordinal);

    private static JsonObject Pod(Dictionary<string, string> labels, string? driver) => new()
    {
        ["metadata"] = new JsonObject { ["labels"] = JsonSerializer.SerializeToNode(labels, ApiJson.Default.DictionaryStringString) },
        ["spec"] = driver is null
            ? new JsonObject()
            : new JsonObject
            {
                ["volumes"] = new JsonArray(
                    new JsonObject { ["name"] = "tmp", ["emptyDir"] = new JsonObject() },
                    new JsonObject { ["name"] = "data", ["csi"] = new JsonObject { ["driver"] = driver } }),
            },
    };
}
