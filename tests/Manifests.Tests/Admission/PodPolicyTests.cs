using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Testing.Golden;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Admission;

/// <summary>
/// The admission policies hold what the webhook admits to be right, and what somebody wrote by hand or changed behind it to
/// be wrong. Their CEL is evaluated here without a cluster.
/// </summary>
public sealed class PodPolicyTests
{
    private const string Namespace = "vision";

    public static TheoryData<string> Admitted =>
        [.. GoldenFiles.Cases.Select(GoldenCase.Read).Where(c => c.Operation == "CREATE" && !File.Exists(c.PathOf(GoldenExpectation.DenialFile))).Select(c => c.Name)];

    public static TheoryData<string, string> Forgeries => new(ForgedPods.All.Select(c => (c.About, c.Says)));

    public static TheoryData<string, string> Updates => new(RunningPodChanges.All.Select(c => (c.About, c.Says)));

    [Theory]
    [MemberData(nameof(Admitted))]
    public void A_pod_that_the_webhook_admits_passes(string name)
    {
        var test = GoldenCase.Read(name);
        var pod = JsonNode.Parse((GoldenExpectation.ExpectedPod(test) ?? test.Pod).GetRawText())!.AsObject();
        Assert.Empty(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", test.Namespace, WithoutNulls(pod)) { NamespaceLabels = LabelsOf(test.Namespace) }));
    }

    [Theory]
    [MemberData(nameof(Forgeries))]
    public void A_pod_that_pretends_is_refused(string about, string says)
    {
        var pod = ForgedPods.Single(about);
        var messages = AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, pod));
        Assert.True(messages.Any(m => m.StartsWith($"pods.sluice.io: {says}", StringComparison.Ordinal)), string.Join('\n', messages));
    }

    [Theory]
    [MemberData(nameof(Updates))]
    public void A_change_of_a_running_pod_is_refused_or_warned_of(string about, string says)
    {
        var change = RunningPodChanges.All.Single(c => c.About == about);
        var pod = InjectedPod.Read();
        change.Change(pod);
        var messages = AdmissionPolicy.Check(new PodAdmission("UPDATE", change.Resource, Namespace, pod) { Old = InjectedPod.Read() });
        if (says.Length == 0)
            Assert.Empty(messages);
        else
            Assert.Contains(messages, m => m.StartsWith(says, StringComparison.Ordinal));
    }

    [Fact]
    public void The_pod_that_forgeries_begin_with_is_right() =>
        Assert.Empty(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, InjectedPod.Read())));

    [Fact]
    public void Pods_of_excluded_namespaces_are_left_alone()
    {
        var pod = InjectedPod.Read();
        pod["spec"]!.AsObject().Remove("initContainers");
        Assert.NotEmpty(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, pod)));
        Assert.Empty(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", "kube-system", pod)));
    }

    [Fact]
    public void An_opted_in_namespace_has_its_pods_judged_and_needs_no_label()
    {
        var pod = ForgedPods.WithoutCsi();
        Assert.Contains(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, pod)), m => m.Contains("nothing in this pod asks", StringComparison.Ordinal));
        Assert.Empty(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, pod) { NamespaceLabels = new JsonObject { [Names.InjectionLabel] = Names.InjectionEnabled } }));
    }

    [Fact]
    public void Every_policy_is_bound_and_denies_but_for_the_one_that_warns()
    {
        var bindings = Kustomization.Render("").Where(i => Yaml.Text(i["kind"]) == "ValidatingAdmissionPolicyBinding").ToDictionary(i => Yaml.Text(i["spec"]!["policyName"]), StringComparer.Ordinal);
        Assert.Equal(AdmissionPolicy.All.Select(p => p.Name).Order(StringComparer.Ordinal), bindings.Keys.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.All(bindings, b => Assert.Equal(b.Key == "late-labels.sluice.io" ? """["Warn"]""" : """["Deny"]""", b.Value["spec"]!["validationActions"]!.ToJsonString()));
    }

    /// <summary>The names that the rules know are those that the injection writes.</summary>
    [Fact]
    public void Names_in_the_rules_are_the_names_of_the_product()
    {
        var text = string.Join('\n', AdmissionPolicy.All.SelectMany(p => p.Expressions));
        string[] names =
        [
            $"'{Names.ReservedPrefix}'", $"'{Names.CsiDriver}'", $"'{Names.RelayBinary}'", $"'{Names.DatasetLabel}'", $"'{Names.InjectLabel}'",
            $"'{Names.InjectionLabel}'", $"'{Names.InjectionEnabled}'", $"'{Names.DatasetsAnnotation}'", $"'{Names.VolumeAttributes.RoleData}'", $"'{Names.VolumeAttributes.RoleSession}'",
        ];
        Assert.All(names, n => Assert.Contains(n, text, StringComparison.Ordinal));
    }

    /// <summary>All that the policies say to the forgeries and updates above.</summary>
    internal static IEnumerable<string> Messages()
    {
        foreach (var forgery in ForgedPods.All)
        {
            foreach (var message in AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, ForgedPods.Single(forgery.About))))
                yield return message;
        }
        foreach (var change in RunningPodChanges.All)
        {
            var pod = InjectedPod.Read();
            change.Change(pod);
            foreach (var message in AdmissionPolicy.Check(new PodAdmission("UPDATE", change.Resource, Namespace, pod) { Old = InjectedPod.Read() }))
                yield return message;
        }
    }

    private static JsonObject? LabelsOf(string nameSpace) =>
        GoldenCatalog.Objects.FirstOrDefault(o => o.Resource is Namespace && o.Metadata.Name == nameSpace) is { } found
            ? JsonSerializer.SerializeToNode(found.Metadata.Labels, ApiJson.Default.DictionaryStringString)!.AsObject()
            : null;

    /// <summary>An API server drops null members before anybody judges.</summary>
    private static JsonObject WithoutNulls(JsonObject value)
    {
        foreach (var (name, member) in value.ToList())
        {
            if (member is null)
                value.Remove(name);
            else if (member is JsonObject map)
                WithoutNulls(map);
            else if (member is JsonArray list)
                list.OfType<JsonObject>().ToList().ForEach(i => WithoutNulls(i));
        }
        return value;
    }
}
