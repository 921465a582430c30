using System.Text.Json.Nodes;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests;

/// <summary>The admission policies in force: API servers compile what they are told of, and act on it, a moment after it was stored.</summary>
internal static class InstalledPolicies
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Installs all of them for the area and waits until each does what it does to <paramref name="nameSpace"/>'s pods.</summary>
    public static async Task InstallAsync(TestArea area, string nameSpace)
    {
        foreach (var item in InstalledManifests.Policies(area.Suffix))
            await area.MakeAsync(item);
        var calls = area.Cluster.Calls;
        var pod = TestPods.In(InjectedPod.Read(), nameSpace, "policies-probe");
        var stored = await calls.CreateAsync(pod);
        Assert.False(stored.IsRefused, stored.ToString());

        var forged = TestPods.In(ForgedPods.Single("a container with the prefix"), nameSpace, "policies-probe-2");
        await UntilAsync("pods.sluice.io", () => calls.CreateAsync(forged, ApiCalls.DryRun));
        await UntilAsync("running-pods.sluice.io", () => ChangeAsync("the image of a sidecar"));
        await UntilAsync("late-labels.sluice.io", () => ChangeAsync("another dataset"));
        await area.Cluster.DeleteAsync(Kinds.Target(pod));

        Task<Answer> ChangeAsync(string about)
        {
            var changed = stored.Item;
            RunningPodChanges.All.Single(c => c.About == about).Change(changed);
            changed["metadata"]!.AsObject().Remove("resourceVersion");
            return calls.ReplaceAsync(Kinds.Target(pod), changed, ApiCalls.DryRun);
        }
    }

    /// <summary>Waits until the policy speaks, by refusing or by warning.</summary>
    private static Task UntilAsync(string policy, Func<Task<Answer>> send) => Eventually.Async(Limit, async () =>
        await send() is var answer && answer.Warnings.Append(answer.Message).Any(w => w.Contains($"'{policy}'", StringComparison.Ordinal)) ? null : $"{policy} is not in force: {answer}");
}
