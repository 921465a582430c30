using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Kube;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests;

/// <summary>
/// Every rule of every ValidatingAdmissionPolicy in deploy/manifests/policy, as an API server compiles and evaluates it. No webhook is asked:
/// these hold without one.
/// </summary>
public sealed class PodPolicyTests(TestCluster cluster)
{
    public static TheoryData<string> UpdateResources => ["pods", "pods/resize", "pods/ephemeralcontainers"];

    [Fact]
    public async Task A_pod_that_pretends_is_refused_in_the_words_of_the_rule()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var nameSpace = await area.NamespaceAsync();
        await InstalledPolicies.InstallAsync(area, nameSpace);
        var right = await area.Cluster.Calls.CreateAsync(TestPods.In(InjectedPod.Read(), nameSpace), ApiCalls.DryRun);
        Assert.True(right.Code == 201, right.ToString());
        var wrong = new List<string>();
        foreach (var forgery in ForgedPods.All)
        {
            var answer = await area.Cluster.Calls.CreateAsync(TestPods.In(ForgedPods.Single(forgery.About), nameSpace, "forged"), ApiCalls.DryRun);
            if (answer.Code != 422 || !answer.Message.Contains(Denied("pods.sluice.io", forgery.Says), StringComparison.Ordinal))
                wrong.Add($"{forgery.About}: {answer}");
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task A_namespace_that_is_opted_in_needs_no_label_on_its_pods()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var plain = await area.NamespaceAsync();
        var opted = await area.NamespaceAsync("opted", new JsonObject { [Names.InjectionLabel] = Names.InjectionEnabled });
        await InstalledPolicies.InstallAsync(area, plain);
        var refused = await area.Cluster.Calls.CreateAsync(TestPods.In(ForgedPods.WithoutCsi(), plain), ApiCalls.DryRun);
        Assert.Contains("nothing in this pod asks for a dataset", refused.Message, StringComparison.Ordinal);
        var taken = await area.Cluster.Calls.CreateAsync(TestPods.In(ForgedPods.WithoutCsi(), opted), ApiCalls.DryRun);
        Assert.True(taken.Code == 201, taken.ToString());
    }

    [Theory]
    [MemberData(nameof(UpdateResources))]
    public async Task A_change_of_a_running_pod_is_refused_or_warned_of_in_the_words_of_the_rule(string resource)
    {
        await using var area = await TestArea.OpenAsync(cluster);
        if (resource == "pods/resize")
            area.Cluster.NeedsKubernetes(33, "resizing sidecars");
        var nameSpace = await area.NamespaceAsync();
        await InstalledPolicies.InstallAsync(area, nameSpace);
        var created = await area.Cluster.Calls.CreateAsync(TestPods.In(InjectedPod.Read(), nameSpace, "running"));
        Assert.True(created.Code == 201, created.ToString());
        var wrong = new List<string>();
        foreach (var change in RunningPodChanges.All.Where(c => c.Resource == resource))
        {
            var answer = await ChangeAsync(area, nameSpace, change);
            if (!IsRight(change, answer))
                wrong.Add($"{change.About}: {answer}");
        }
        Assert.Empty(wrong);
    }

    /// <summary>What a warning is about happens all the same: nothing is refused.</summary>
    [Fact]
    public async Task A_warning_comes_with_the_change_that_it_is_about()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var nameSpace = await area.NamespaceAsync();
        await InstalledPolicies.InstallAsync(area, nameSpace);
        await area.Cluster.Calls.CreateAsync(TestPods.In(InjectedPod.Read(), nameSpace, "running"));
        var answer = await ChangeAsync(area, nameSpace, RunningPodChanges.All.Single(c => c.About == "another dataset"), query: "");
        Assert.Equal(200, answer.Code);
        Assert.Contains(
            "Validation failed for ValidatingAdmissionPolicy 'late-labels.sluice.io' with binding 'late-labels.sluice.io': label sluice.io/dataset of a running pod changes nothing: recreate it, since data is attached at creation",
            answer.Warnings, StringComparer.Ordinal);
        var stored = await area.Cluster.Client.GetAsync(Kinds.Pods.Object(nameSpace, "running"), TestContext.Current.CancellationToken);
        Assert.Equal("other", stored.GetProperty("metadata").GetProperty("labels").GetProperty(Names.DatasetLabel).GetString());
    }

    [Fact]
    public async Task No_expression_has_a_type_error()
    {
        await using var area = await TestArea.OpenAsync(cluster);
        var nameSpace = await area.NamespaceAsync();
        await InstalledPolicies.InstallAsync(area, nameSpace);
        foreach (var policy in InstalledManifests.Policies(area.Suffix).Where(p => Yaml.Text(p["kind"]) == "ValidatingAdmissionPolicy"))
        {
            var status = await TypeCheckedAsync(area, Kinds.Target(policy));
            Assert.SkipWhen(status is null, "no controller manager checks the types of policies here");
            var checking = status.Value.TryGetProperty("typeChecking"u8, out var found) ? found : default;
            Assert.False(checking.ValueKind == JsonValueKind.Object && checking.TryGetProperty("expressionWarnings"u8, out _), checking.ToString());
        }
    }

    private static bool IsRight(RunningPodChange change, Answer answer)
    {
        // A server that takes no such change from anybody says so before any policy is asked.
        if (change.ServerRefusesFirst)
            return answer.IsRefused;
        var (policy, words) = change.Says.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon ? (change.Says[..colon], change.Says[(colon + 2)..]) : ("", "");
        return policy switch
        {
            "running-pods.sluice.io" => answer.Code == 422 && answer.Message.Contains(Denied(policy, words), StringComparison.Ordinal),
            "late-labels.sluice.io" => answer.Code == 200 && answer.Warnings.Any(w => w.Contains($"'{policy}' with binding '{policy}': {words}", StringComparison.Ordinal)),
            _ => answer.Code == 200 && !answer.Warnings.Any(w => w.Contains(".sluice.io'", StringComparison.Ordinal)),
        };
    }

    private static string Denied(string policy, string words) => $"ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request: {words}";

    private static async Task<Answer> ChangeAsync(TestArea area, string nameSpace, RunningPodChange change, string query = ApiCalls.DryRun)
    {
        var target = Kinds.Pods.Object(nameSpace, "running");
        var pod = Json.Object(await area.Cluster.Client.GetAsync(target, TestContext.Current.CancellationToken));
        change.Change(pod);
        var subresource = change.Resource.Split('/') is [_, var name] ? name : null;
        return await area.Cluster.Calls.ReplaceAsync(target with { Subresource = subresource }, pod, query);
    }

    /// <summary>The status once the controller has written it; null where none does.</summary>
    private static async Task<JsonElement?> TypeCheckedAsync(TestArea area, ApiObject policy)
    {
        for (var i = 0; i < 100; i++)
        {
            var item = await area.Cluster.Client.GetAsync(policy, TestContext.Current.CancellationToken);
            if (item.TryGetProperty("status"u8, out var status) && status.TryGetProperty("observedGeneration"u8, out _))
                return status;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
        return null;
    }
}
