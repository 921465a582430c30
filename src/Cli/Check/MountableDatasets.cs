using Sluice.Api;
using Sluice.Injection;

namespace Sluice.Cli.Check;

/// <summary>Is there, for every Dataset, a namespace whose pods may mount it?</summary>
internal static class MountableDatasets
{
    private const int MaxConsumers = 50; // namespaces that are tried for one dataset; arbitrary
    private const int MaxFindings = 1000; // arbitrary: what is wrong with so many is one thing

    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Tenancy.TryGet(out var tenancy, out var unseen))
            return unseen;
        var findings = tenancy.Datasets.Select(dataset => Judge(tenancy, dataset)).OfType<Finding>().Take(MaxFindings).ToList();
        var all = Count.Of(tenancy.Datasets.Count, "dataset");
        var most = findings.Count == MaxFindings ? "at least " : ""; // no further was looked
        return CheckResult.Of(findings.Count == 0 ? all : $"{most}{findings.Count} of {all} can be mounted by nobody", findings);
    }

    private static Finding? Judge(Tenancy tenancy, Dataset dataset)
    {
        var name = ObjectName.Of(dataset.Metadata);
        PodOutcome? first = null;
        foreach (var ns in tenancy.ConsumersOf(dataset).Take(MaxConsumers))
        {
            var outcome = tenancy.Try(ns, dataset);
            if (outcome.Denial is not null && outcome.Decision!.Reason == DecisionReason.Policy)
                outcome = tenancy.Try(ns, dataset, TrialPod.Shared) is { Denial: null } shared ? shared : outcome;
            if (outcome.Denial is null)
                return null;
            first ??= outcome;
            if (outcome.Decision!.Reason == DecisionReason.Profile)
                break; // the same everywhere
        }
        return Finding.Wrong(
            $"Dataset {name}",
            first?.Denial ?? $"pods of namespace {name.Namespace} are never injected, and spec.sharing selects no other namespace",
            first?.Decision!.Reason == DecisionReason.Policy ? "kubectl get tenantpolicies" : $"kubectl -n {name.Namespace} edit dataset {name.Name}");
    }
}
