using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Sluice.Api;
using Sluice.Testing;
using Sluice.Testing.Golden;

namespace Sluice.Injection.Tests;

/// <summary>What holds for every pod, whoever wrote it. The seed that a failure prints repeats it (<c>CsCheck_Seed</c>).</summary>
public sealed class InjectionPropertyTests
{
    private const int Pods = 1500; // about a second each; arbitrary

    private static Catalog Catalog => GoldenCatalog.Catalog;

    [Fact]
    public void Everything_not_owned_is_kept_and_the_patch_applies()
    {
        var changed = 0;
        ArbitraryPods.Pod.Sample(text =>
        {
            var pod = JsonElement.Parse(text);
            var injected = Decide(pod);
            if (injected.Changed)
                Interlocked.Increment(ref changed);
            Assert.Empty(Untouched.Violations(pod, injected.Pod));
        }, iter: Pods, threads: 1);
        Assert.InRange(changed, Pods / 4, Pods); // the generator still makes pods that ask for something they may have
    }

    [Fact]
    public void An_injected_pod_is_left_alone() => ArbitraryPods.Pod.Sample(text =>
    {
        var injected = Decide(JsonElement.Parse(text));
        if (!injected.Changed)
            return;
        var again = Decide(injected.Pod);
        Assert.Equal((DecisionKind.Unchanged, DecisionReason.AlreadyInjected, null), (again.Decision.Kind, again.Decision.Reason, again.Decision.Message));
    }, iter: Pods, threads: 1);

    [Fact]
    public void What_a_second_injector_did_to_our_parts_is_undone() => Gen.Select(ArbitraryPods.Pod, SecondInjector.Deeds).Sample((text, deeds) =>
    {
        var injected = Decide(JsonElement.Parse(text));
        if (!injected.Changed)
            return;
        var stripped = SecondInjector.Apply(injected.Pod, deeds);

        var restored = Decide(stripped);
        Assert.Null(restored.Decision.Message);
        Assert.Equal(Ours(injected.Pod), Ours(restored.Pod));
        Assert.Equal(DecisionKind.Unchanged, Decide(restored.Pod).Decision.Kind);
        Assert.Empty(Untouched.Violations(stripped, restored.Pod));
    }, iter: Pods, threads: 1);

    [Fact]
    public void Proxies_that_came_later_are_before_ours() => Gen.Select(ArbitraryPods.Pod, Gen.OneOf(SecondInjector.Deed.AddProxyLast, SecondInjector.Deed.ReverseInitContainers)).Sample((text, deed) =>
    {
        var injected = Decide(JsonElement.Parse(text));
        if (!injected.Changed)
            return;
        var names = InitNames(Decide(SecondInjector.Apply(injected.Pod, [deed])).Pod);
        var proxy = names.FindLastIndex(n => n is "istio-proxy" or "linkerd-proxy");
        var sidecar = names.FindIndex(n => n.StartsWith(Names.ReservedPrefix, StringComparison.Ordinal));
        Assert.True(proxy < sidecar, string.Join(", ", names));
    }, iter: Pods / 4, threads: 1);

    [Fact]
    public void Containers_of_other_injectors_get_no_data() => ArbitraryPods.Pod.Sample(text =>
    {
        var injected = Decide(JsonElement.Parse(text));
        if (!injected.Changed)
            return;
        var crowded = SecondInjector.Apply(injected.Pod, [SecondInjector.Deed.AddContainer, SecondInjector.Deed.AddInitContainer, SecondInjector.Deed.AddProxyFirst, SecondInjector.Deed.DropArgs]);
        var spec = JsonObject.Create(Decide(crowded).Pod)!["spec"]!;
        foreach (var name in (string[])["logger", "waiter", "linkerd-proxy"])
        {
            var container = spec["containers"]!.AsArray().Concat(spec["initContainers"]!.AsArray()).Single(c => (string?)c!["name"] == name)!;
            Assert.Null(container["volumeMounts"]);
        }
    }, iter: Pods / 4, threads: 1);

    [Fact]
    public void The_same_question_has_the_same_answer_whatever_the_order_of_the_catalog()
    {
        var resources = GoldenCatalog.Objects.Select(o => o.Resource).ToArray();
        var requests = GoldenFiles.Cases.Select(GoldenCase.Read).Select(c => c.Request).ToArray();
        var expected = requests.Select(r => CoreRun.Decide(r, Catalog)).ToArray();
        Gen.Shuffle(resources).Sample(shuffled =>
        {
            var catalog = GoldenCatalog.Build(shuffled);
            for (var i = 0; i < requests.Length; i++)
                AssertSame(expected[i], CoreRun.Decide(requests[i], catalog));
        }, iter: 5, threads: 1);
    }

    private static void AssertSame(CoreRun expected, CoreRun actual)
    {
        Assert.Equal((expected.Decision.Kind, expected.Decision.Reason, expected.Decision.Message), (actual.Decision.Kind, actual.Decision.Reason, actual.Decision.Message));
        Assert.Equal(expected.Decision.Warnings, actual.Decision.Warnings);
        Assert.True(expected.Patch.Span.SequenceEqual(actual.Patch.Span));
    }

    private static CoreRun Decide(JsonElement pod) => CoreRun.Decide(new PodRequest(pod, "vision"), Catalog);

    private static List<string> InitNames(JsonElement pod) =>
        [.. pod.GetProperty("spec").GetProperty("initContainers").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];

    /// <summary>Our containers in their order, our volumes and our marks, without what a second injector put into them.</summary>
    private static string Ours(JsonElement pod)
    {
        var root = JsonObject.Create(pod)!;
        var spec = root["spec"]!;
        var containers = Reserved(spec["initContainers"]);
        foreach (var container in containers.Select(c => c!.AsObject()))
        {
            RemoveWhere(container, "env", e => (string?)e!["name"] == "SECOND");
            RemoveWhere(container, "volumeMounts", m => (string?)m!["name"] == SecondInjector.ForeignVolume);
            SortByPath(container);
        }
        var volumes = Reserved(spec["volumes"]).OrderBy(v => (string?)v!["name"], StringComparer.Ordinal);
        return string.Join('\n', containers.Concat(volumes).Select(Canonical))
            + "\n" + root["metadata"]!["labels"]?[Names.InjectedLabel] + Status((string?)root["metadata"]!["annotations"]?[Names.StatusAnnotation]);
    }

    /// <summary>Without the list of containers: their order is the second injector's to change.</summary>
    private static string Status(string? annotation)
    {
        var status = JsonNode.Parse(annotation ?? "{\"datasets\":[]}")!;
        foreach (var dataset in status["datasets"]!.AsArray())
            dataset!.AsObject().Remove("containers");
        return Canonical(status);
    }

    private static List<JsonNode?> Reserved(JsonNode? list) =>
        [.. list!.AsArray().Where(i => ((string?)i!["name"])!.StartsWith(Names.ReservedPrefix, StringComparison.Ordinal))];

    private static void RemoveWhere(JsonObject container, string field, Func<JsonNode?, bool> which)
    {
        if (container[field] is not JsonArray list)
            return;
        container[field] = new JsonArray([.. list.Where(i => !which(i)).Select(i => i!.DeepClone())]);
        if (container[field]!.AsArray().Count == 0)
            container.Remove(field);
    }

    /// <summary>The order of mounts says nothing: no path of ours lies below another.</summary>
    private static void SortByPath(JsonObject container)
    {
        if (container["volumeMounts"] is JsonArray mounts)
            container["volumeMounts"] = new JsonArray([.. mounts.OrderBy(m => (string?)m!["mountPath"], StringComparer.Ordinal).Select(m => m!.DeepClone())]);
    }

    private static string Canonical(JsonNode? node) => node switch
    {
        JsonObject o => $"{{{string.Join(",", o.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}:{Canonical(m.Value)}"))}}}",
        JsonArray a => $"[{string.Join(",", a.Select(Canonical))}]",
        null => "null",
        _ => node.ToJsonString(),
    };
}
