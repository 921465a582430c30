using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Injection;

namespace Sluice.Cli.Check;

/// <summary>
/// What do LimitRanges do to sidecars? They judge a pod after it was injected: what a sidecar leaves open they fill in, and what is
/// out of their bounds they refuse.
/// </summary>
internal static class LimitRanges
{
    private const int MaxDatasets = 20; // that are tried in one namespace; arbitrary

    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.LimitRanges.TryGet(out var ranges, out var unseen) || !cluster.Tenancy.TryGet(out var tenancy, out unseen))
            return unseen;
        var findings = new List<Finding>();
        foreach (var range in ranges.OrderBy(r => $"{r.Namespace}/{r.Name}", StringComparer.Ordinal))
        {
            if (tenancy.Find(range.Namespace) is { } ns)
                findings.AddRange(Judge(range, tenancy, ns));
        }
        return CheckResult.Of($"{Count.Of(ranges.Count, "LimitRange")} about containers", findings);
    }

    /// <summary>One finding for each thing that the range does, however many datasets it does it to.</summary>
    private static IEnumerable<Finding> Judge(LimitRange range, Tenancy tenancy, Namespace ns) =>
        from dataset in tenancy.DatasetsFor(ns).Take(MaxDatasets)
        from tuning in new (string, string)?[] { null, TrialPod.Unlimited } // where policies let pods ask for that
        from effect in EffectsOn(tenancy.Try(ns, dataset, tuning), range)
        group ObjectName.Of(dataset.Metadata) by effect into done
        select new Finding(
            done.Key.Verdict,
            $"LimitRange {range.Namespace}/{range.Name}",
            $"{done.Key.Text} (dataset {done.First()}{(done.Distinct().Count() is > 1 and var count ? $" and {count - 1} more" : "")})",
            $"kubectl -n {range.Namespace} edit limitrange {range.Name}");

    private static IEnumerable<Effect> EffectsOn(PodOutcome outcome, LimitRange range)
    {
        if (outcome.Patch is not { } patch)
            return [];
        var pod = outcome.Target.Manifest;
        PatchApplier.Apply(pod, patch);
        return TrialPod.InitContainers(pod).SelectMany(sidecar => EffectsOn(sidecar, range)).Distinct();
    }

    private static List<Effect> EffectsOn(JsonObject sidecar, LimitRange range)
    {
        using var document = JsonNodes.ParseDocument(JsonNodes.ToBytes(sidecar));
        var resources = document.RootElement.At("resources");
        var limits = LimitRange.Quantities(resources, "limits");
        var requests = LimitRange.Quantities(resources, "requests");
        var effects = new List<Effect>();
        foreach (var (key, value) in range.Defaults.Where(d => limits.TryAdd(d.Key, d.Value)))
            effects.Add(new Effect(Verdict.Warning, $"gives sidecars that have no {key} limit one of {value}: name one in fuse.resources of the Dataset or its profile"));
        // A request that is not named is the limit, where there is one.
        foreach (var (key, value) in range.DefaultRequests.Where(d => !limits.ContainsKey(d.Key) && requests.TryAdd(d.Key, d.Value)))
            effects.Add(new Effect(Verdict.Warning, $"gives sidecars that have no {key} request one of {value}: name one in fuse.resources of the Dataset or its profile"));
        foreach (var (key, most) in range.Max)
        {
            if (limits.TryGetValue(key, out var limit) && limit > most)
                effects.Add(new Effect(Verdict.Wrong, $"refuses sidecars, whose {key} limit of {limit} is above its max of {most}: lower it, or raise max"));
        }
        foreach (var (key, least) in range.Min)
        {
            if ((requests.TryGetValue(key, out var request) || limits.TryGetValue(key, out request)) && request < least)
                effects.Add(new Effect(Verdict.Wrong, $"refuses sidecars, whose {key} request of {request} is below its min of {least}: raise it, or lower min"));
        }
        return effects;
    }

    /// <summary>What becomes of a sidecar.</summary>
    private readonly record struct Effect(Verdict Verdict, string Text);
}
