using System.Text.Json;

namespace Sluice.Cli.Check;

/// <summary>A node, as far as mounts depend on it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsLinux">Windows nodes mount nothing.</param>
/// <param name="Kubelet">Such as <c>v1.31.2</c>.</param>
/// <param name="Kernel">Such as <c>6.8.0-40-generic</c>.</param>
/// <param name="IsReady">As the node controller says.</param>
/// <param name="IsReserved">A taint keeps ordinary pods away.</param>
internal sealed record Node(string Name, bool IsLinux, string Kubelet, string Kernel, bool IsReady, bool IsReserved)
{
    public static Node Read(JsonElement item) => new(
        item.FullName(),
        (item.Text("status", "nodeInfo", "operatingSystem") ?? "linux") == "linux",
        item.Text("status", "nodeInfo", "kubeletVersion") ?? "",
        item.Text("status", "nodeInfo", "kernelVersion") ?? "",
        item.Condition("Ready") is { IsTrue: true },
        item.Items("spec", "taints").Any(t => t.Text("effect") is "NoSchedule" or "NoExecute"));
}
