using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class MountersTests
{
    private static readonly Node A = new("a", true, "v1.33.2", "6.8.0", IsReady: true, IsReserved: false);
    private static readonly MounterPod OnA = new("sluice-system/sluice-mounter-x", "a", true, "");

    [Fact]
    public void A_mounter_that_the_kubelet_knows_is_well() => Assert.Equal("Ok: on 1 of 1 node", Check([A], [OnA], "a").Told());

    [Fact]
    public void No_mounter_at_all_is_one_finding() => Assert.Equal(
        "DaemonSet sluice-system/sluice-mounter: has no pod (label app.kubernetes.io/name=sluice-mounter), so that pods with data wait for their volumes on every node",
        Only(Check([A, A with { Name = "b" }], []), Verdict.Wrong));

    [Fact]
    public void A_node_without_is_wrong() =>
        Assert.Equal("Node b: has no mounter: pods with data wait there for ever", Only(Check([A, A with { Name = "b" }], [OnA], "a"), Verdict.Wrong));

    [Fact]
    public void A_node_that_a_taint_keeps_for_others_is_a_warning() =>
        Assert.StartsWith("Node b: has a taint and no mounter", Only(Check([A, A with { Name = "b", IsReserved = true }], [OnA], "a"), Verdict.Warning), StringComparison.Ordinal);

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Windows_nodes_and_nodes_that_are_down_are_not_expected_to_have_one(bool linux, bool ready) =>
        Assert.Equal("Ok: on 1 of 1 node", Check([A, A with { Name = "b", IsLinux = linux, IsReady = ready }], [OnA], "a").Told());

    [Fact]
    public void A_mounter_that_is_not_ready_is_told_in_the_kubelets_words()
    {
        var pod = MounterPod.Read(States.Json("""
            {"metadata":{"name":"m","namespace":"sluice-system"},"spec":{"nodeName":"a"},
             "status":{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ErrImagePull","message":"not found"}}}]}}
            """));
        Assert.Equal("Node a: its mounter is not ready: ErrImagePull: not found", Only(Check([A], [pod], "a"), Verdict.Wrong));
    }

    [Fact]
    public void A_ready_one_beside_a_leaving_one_is_enough() => Assert.Equal(Verdict.Ok, Check([A], [OnA with { IsReady = false }, OnA], "a").Verdict);

    [Fact]
    public void A_mounter_that_did_not_reach_the_kubelet_is_wrong() =>
        Assert.StartsWith("Node a: its kubelet does not know the driver csi.sluice.io, though a mounter is ready", Only(Check([A], [OnA]), Verdict.Wrong), StringComparison.Ordinal);

    private static string Only(CheckResult result, Verdict verdict)
    {
        Assert.Equal(verdict, result.Verdict);
        var finding = Assert.Single(result.Findings);
        return $"{finding.Object}: {finding.Cause}";
    }

    private static CheckResult Check(Node[] nodes, MounterPod[] mounters, params string[] drivers) => Mounters.Check(States.Unseen with
    {
        Nodes = States.List(nodes),
        Mounters = States.List(mounters),
        DriverNodes = Reading<IReadOnlySet<string>>.Of(drivers.ToHashSet(StringComparer.Ordinal)),
    });
}
