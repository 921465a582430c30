namespace Sluice.Cli.Check;

/// <summary>Does the node's daemon run wherever pods may run, and does the kubelet know it?</summary>
internal static class Mounters
{
    private const string PodsByNode = $"kubectl -n {Installed.Namespace} get pods -o wide -l {Installed.NameLabel}={Installed.Mounter}";

    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Nodes.TryGet(out var nodes, out var unseen)
            || !cluster.Mounters.TryGet(out var mounters, out unseen)
            || !cluster.DriverNodes.TryGet(out var drivers, out unseen))
        {
            return unseen;
        }
        // A node that is not ready runs nothing new; that is for others to tell.
        var linux = nodes.Where(n => n is { IsLinux: true, IsReady: true }).OrderBy(n => n.Name, StringComparer.Ordinal).ToList();
        if (mounters.Count == 0)
        {
            return CheckResult.Of($"on 0 of {Count.Of(linux.Count, "node")}", Finding.Wrong(
                $"DaemonSet {Installed.Namespace}/{Installed.Mounter}",
                $"has no pod (label {Installed.NameLabel}={Installed.Mounter}), so that pods with data wait for their volumes on every node",
                $"kubectl -n {Installed.Namespace} describe daemonset {Installed.Mounter}"));
        }
        var byNode = mounters.Where(m => m.Node is not null).ToLookup(m => m.Node!, StringComparer.Ordinal);
        var findings = linux.Select(node => Judge(node, byNode[node.Name].ToList(), drivers)).OfType<Finding>().ToList();
        return CheckResult.Of($"on {linux.Count - findings.Count} of {Count.Of(linux.Count, "node")}", findings);
    }

    private static Finding? Judge(Node node, List<MounterPod> mounters, IReadOnlySet<string> drivers)
    {
        var what = $"Node {node.Name}";
        if (mounters.Count == 0)
        {
            return node.IsReserved
                ? Finding.Warning(what, "has a taint and no mounter: a pod that tolerates the taint and asks for data waits there for ever", $"kubectl -n {Installed.Namespace} edit daemonset {Installed.Mounter}")
                : Finding.Wrong(what, "has no mounter: pods with data wait there for ever", $"kubectl -n {Installed.Namespace} describe daemonset {Installed.Mounter}");
        }
        if (!mounters.Any(m => m.IsReady))
            return Finding.Wrong(what, $"its mounter is not ready: {mounters[0].Trouble}", $"kubectl -n {mounters[0].FullName.Replace("/", " describe pod ", StringComparison.Ordinal)}");
        return drivers.Contains(node.Name)
            ? null
            : Finding.Wrong(what, $"its kubelet does not know the driver {Api.Names.CsiDriver}, though a mounter is ready: is the kubelet's directory another one than the DaemonSet mounts?", PodsByNode);
    }
}
