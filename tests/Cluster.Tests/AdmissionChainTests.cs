using System.Text.Json.Nodes;
using Sluice.Cluster.Tests.Golden;
using Sluice.Testing.Golden;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests;

/// <summary>Pods that go the whole way: built-in plugins, the webhook, validation, policies, storage.</summary>
public sealed class AdmissionChainTests(TestCluster cluster)
{
    private static readonly JsonObject Restricted = new()
    {
        ["pod-security.kubernetes.io/enforce"] = "restricted",
        ["pod-security.kubernetes.io/enforce-version"] = "latest",
    };

    /// <summary>By label; by a volume that nothing points at; with a Secret; with everything that a profile has; beside a mesh; with an owner of files.</summary>
    public static TheoryData<string> Cases => ["ask/label", "ask/volume", "credentials/env", "csi/full-profile", "mesh/istio-native-first", "user/pod-fs-group"];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_pod_comes_out_as_the_golden_file_says(string name)
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (names, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await InstalledPolicies.InstallAsync(area, nameSpace); // before the webhook, which would have a say in what they are tried with
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        var test = GoldenCase.Read(name);
        var created = await area.Cluster.Calls.CreateAsync(Sent(names, Json.Object(test.Pod), nameSpace));
        Assert.True(created.Code == 201, created.ToString());
        Assert.Null(PodComparison.Difference(Sent(names, Json.Object(GoldenExpectation.ExpectedPod(test)!.Value), nameSpace), created.Item));
        var stored = await area.Cluster.Client.GetAsync(Kinds.Pods.Object(nameSpace, created.Body.GetProperty("metadata").GetProperty("name").GetString()!), TestContext.Current.CancellationToken);
        Assert.Null(PodComparison.Difference(created.Item, Json.Object(stored)));
    }

    [Fact]
    public async Task A_restricted_namespace_takes_an_injected_pod()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (names, nameSpace) = await SharedCatalog.ApplyAsync(area, Restricted);
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        // The namespace is what it says: a pod that would be root is not let in.
        var root = await area.Cluster.Calls.CreateAsync(TestPods.Naming("imagenet", nameSpace, "root"));
        Assert.Equal(403, root.Code);
        Assert.Contains("violates PodSecurity \"restricted", root.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\"sluice-imagenet\"", root.Message, StringComparison.Ordinal);

        var test = GoldenCase.Read("csi/restricted-pod");
        var created = await area.Cluster.Calls.CreateAsync(Sent(names, Json.Object(test.Pod), nameSpace));
        Assert.True(created.Code == 201, created.ToString());
        Assert.Null(PodComparison.Difference(Sent(names, Json.Object(GoldenExpectation.ExpectedPod(test)!.Value), nameSpace), created.Item));
    }

    [Fact]
    public async Task A_denial_reaches_whoever_made_the_pod()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var (_, nameSpace) = await SharedCatalog.ApplyAsync(area);
        await using var webhook = await InstalledWebhook.StartAsync(area, nameSpace);
        var answer = await area.Cluster.Calls.CreateAsync(TestPods.Naming("no-such-dataset", nameSpace, "denied"));
        Assert.Equal(404, answer.Code);
        Assert.Contains("no-such-dataset", answer.Message, StringComparison.Ordinal);
    }

    private static JsonObject Sent(NamespaceNames names, JsonObject pod, string nameSpace)
    {
        names.Replace(pod);
        return TestPods.In(pod, nameSpace);
    }
}
