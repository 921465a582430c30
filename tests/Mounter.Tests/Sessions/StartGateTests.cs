using Sluice.Mounter.Sessions;
using Sluice.Session;

namespace Sluice.Mounter.Tests.Sessions;

public sealed class StartGateTests
{
    [Fact]
    public async Task A_pod_hears_which_of_its_datasets_is_not_served()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await PublishAsync(node, "a", "vision/train", pod: "one");
        await PublishAsync(node, "b", "vision/labels", pod: "one");
        await PublishAsync(node, "c", "vision/other", pod: "two");

        Assert.Equal("vision/train: its sidecar has not connected yet", Ask(node, "b", "vision/train", "vision/labels"));
        node.ServingRelay("a", marker: 1);
        Assert.Equal("vision/labels: its sidecar has not connected yet", Ask(node, "b", "vision/train", "vision/labels"));
        var relay = node.ServingRelay("b", marker: 2);
        Assert.Equal("", Ask(node, "a", "vision/train", "vision/labels"));
        relay.Send(new Absent("killed by signal 9"));
        Node.Eventually(() => Task.FromResult(Ask(node, "a", "vision/labels") == "vision/labels: its client ended (killed by signal 9)"));
    }

    [Fact]
    public async Task A_pod_hears_nothing_of_other_pods()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await PublishAsync(node, "a", "vision/train", pod: "one");
        await PublishAsync(node, "b", "vision/train", pod: "two");
        await PublishAsync(node, "c", "vision/train", pod: "");
        node.ServingRelay("b", marker: 1);

        Assert.Equal("vision/train: its sidecar has not connected yet", Ask(node, "a", "vision/train"));
        Assert.Equal("vision/train: its sidecar has not connected yet", Ask(node, "c", "vision/train"));
        Assert.Equal("vision/labels: kubelet has not published its volume yet", Ask(node, "b", "vision/labels"));
    }

    private static Task PublishAsync(Node node, string id, string dataset, string pod) =>
        node.Mounter!.Sessions.PublishAsync(new SessionRequest(id, node.Target(id), ReadOnly: true, NoExec: false, 0, 0) { Dataset = dataset, Pod = pod });

    private static string Ask(Node node, string id, params string[] datasets)
    {
        var gate = node.Relay(id);
        gate.Send(new ServedQuery(datasets));
        return gate.Receive<ServedAnswer>().Waiting;
    }
}
