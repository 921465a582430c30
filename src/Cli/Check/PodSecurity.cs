using Sluice.Api;

namespace Sluice.Cli.Check;

/// <summary>
/// Do namespaces that are opted in admit what is injected? Sidecars of the delivery Csi pass every level; those of Shared are
/// privileged.
/// </summary>
internal static class PodSecurity
{
    private const string Label = "pod-security.kubernetes.io/enforce";
    private const string Privileged = "privileged";
    private const int MaxDatasets = 20; // that are tried in one namespace; arbitrary

    private static readonly string[] Levels = [Privileged, "baseline", "restricted"];

    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Tenancy.TryGet(out var tenancy, out var unseen))
            return unseen;
        var optedIn = tenancy.OptedIn.ToList();
        if (optedIn.Count == 0)
            return CheckResult.Skipped($"no namespace has the label {Names.InjectionLabel}: {Names.InjectionEnabled}");
        var findings = optedIn.Select(ns => Judge(tenancy, ns)).OfType<Finding>().ToList();
        return CheckResult.Of($"{Count.Of(optedIn.Count, "namespace")} opted in: {Tell(optedIn)}", findings);
    }

    private static Finding? Judge(Tenancy tenancy, Namespace ns)
    {
        if (ns.Metadata.Labels.GetValueOrDefault(Label) is not { } level || level == Privileged)
            return null;
        var what = $"Namespace {ns.Metadata.Name}";
        if (!Levels.Contains(level, StringComparer.Ordinal))
            return Finding.Warning(what, $"label {Label} has the value \"{level}\", which API servers take for restricted: write one of {string.Join(", ", Levels)}", $"kubectl label --overwrite namespace {ns.Metadata.Name} {Label}=restricted");
        var tries = tenancy.DatasetsFor(ns).Take(MaxDatasets).Select(d => (Csi: tenancy.Try(ns, d).Denial is null, Shared: tenancy.Try(ns, d, TrialPod.Shared).Denial is null)).ToList();
        if (!tries.Exists(t => t.Shared))
            return null;
        return tries.Exists(t => t.Csi)
            ? Finding.Warning(what, $"policies allow delivery Shared, whose sidecars are privileged, and Pod Security enforces {level}: pods that ask for Shared are refused", "kubectl get tenantpolicies")
            : Finding.Wrong(what, $"policies allow no delivery but Shared, whose sidecars are privileged, and Pod Security enforces {level}: every pod with data is refused", "kubectl get tenantpolicies");
    }

    private static string Tell(IEnumerable<Namespace> namespaces) => string.Join(", ", namespaces
        .GroupBy(ns => ns.Metadata.Labels.GetValueOrDefault(Label) ?? "no level", StringComparer.Ordinal)
        .OrderBy(g => g.Key, StringComparer.Ordinal)
        .Select(g => $"{g.Count()} {g.Key}"));
}
