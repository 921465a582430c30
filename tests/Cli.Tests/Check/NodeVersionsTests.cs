using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class NodeVersionsTests
{
    [Theory]
    [InlineData("v1.29.0", "5.15.0-1034-azure", Verdict.Ok)]
    [InlineData("v1.33.2", "6.8.0-40-generic", Verdict.Ok)]
    [InlineData("v1.28.15", "6.8.0-40-generic", Verdict.Wrong)]
    [InlineData("v1.33.2", "5.14.0-503.el9.x86_64", Verdict.Wrong)]
    [InlineData("", "", Verdict.Ok)]
    public void Kubelets_know_native_sidecars_and_kernels_are_new_enough(string kubelet, string kernel, object verdict) =>
        Assert.Equal(verdict, Check(new Node("a", true, kubelet, kernel, true, false)).Verdict);

    [Fact]
    public void Windows_nodes_mount_nothing_and_are_not_judged() =>
        Assert.Equal("Ok: 0 Linux nodes", Check(new Node("w", false, "v1.20.0", "10.0.20348", true, false)).Told());

    private static CheckResult Check(params Node[] nodes) => NodeVersions.Check(States.Unseen with { Nodes = States.List(nodes) });
}
