namespace Sluice.Cli.Check;

/// <summary>Can the nodes' kubelets and kernels do what sidecars and mounts need?</summary>
internal static class NodeVersions
{
    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Nodes.TryGet(out var nodes, out var unseen))
            return unseen;
        var findings = new List<Finding>();
        foreach (var node in nodes.Where(n => n.IsLinux))
        {
            var remedy = $"kubectl describe node {node.Name}";
            if (Versions.Parse(node.Kubelet) is { } kubelet && kubelet < Versions.Kubelet)
                findings.Add(Finding.Wrong($"Node {node.Name}", $"its kubelet is {node.Kubelet}, and native sidecars need {Versions.Kubelet} or newer: upgrade the node", remedy));
            if (Versions.Parse(node.Kernel) is { } kernel && kernel < Versions.Kernel)
                findings.Add(Finding.Wrong($"Node {node.Name}", $"its kernel is {node.Kernel}, and {Versions.Kernel} or newer is needed: upgrade the node", remedy));
        }
        return CheckResult.Of(Count.Of(nodes.Count(n => n.IsLinux), "Linux node"), findings);
    }
}
