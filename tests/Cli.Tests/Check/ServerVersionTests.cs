using System.Text.Json;
using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class ServerVersionTests
{
    [Theory]
    [InlineData("v1.30.0", Verdict.Ok)]
    [InlineData("v1.33.2+k3s1", Verdict.Ok)]
    [InlineData("v1.31.5-eks-a1b2c3", Verdict.Ok)]
    [InlineData("v2.0.0", Verdict.Ok)]
    [InlineData("v1.29.14", Verdict.Wrong)]
    [InlineData("v1.9.1", Verdict.Wrong)]
    [InlineData("unknown", Verdict.Warning)]
    [InlineData("", Verdict.Warning)]
    public void Servers_from_1_30_on_are_new_enough(string version, object verdict) => Assert.Equal(verdict, Check(version).Verdict);

    [Fact]
    public void An_old_server_is_named_with_what_it_lacks() => Assert.Equal(
        "Wrong: Kubernetes v1.28.9\n"
        + "Wrong: API server: is v1.28.9, and match conditions and ValidatingAdmissionPolicies need 1.30 or newer: upgrade the control plane > kubectl version",
        Check("v1.28.9").Told());

    [Fact]
    public void A_server_that_does_not_tell_is_not_judged() => Assert.Equal(Verdict.Unseen, ServerVersion.Check(States.Unseen).Verdict);

    private static CheckResult Check(string version) =>
        ServerVersion.Check(States.Unseen with { Version = Reading<JsonElement>.Of(States.Json($$"""{"gitVersion":"{{version}}"}""")) });
}
