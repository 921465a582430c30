using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class PodSecurityTests
{
    private const string Shared = "allowedImages: [\"*\"], allowedDeliveries: ";

    [Fact]
    public void Levels_of_namespaces_that_are_opted_in_are_counted() => Assert.Equal(
        "Ok: 3 namespaces opted in: 1 no level, 2 restricted",
        Check(OptedIn("a", "restricted"), OptedIn("b", "restricted"), OptedIn("c", null), States.Namespace("d")).Told());

    [Fact]
    public void Without_any_there_is_nothing_to_look_at() => Assert.Equal(Verdict.Skipped, Check(States.Namespace("d")).Verdict);

    [Theory]
    [InlineData("restricted", "[Csi, Shared]", Verdict.Warning)]
    [InlineData("baseline", "[Shared]", Verdict.Wrong)]
    [InlineData("privileged", "[Shared]", Verdict.Ok)]
    [InlineData("restricted", "[Csi]", Verdict.Ok)]
    public void Privileged_sidecars_that_policies_allow_must_be_admitted(string level, string deliveries, object verdict) =>
        Assert.Equal(verdict, Check(OptedIn("vision", level), States.Profile(), States.Dataset("vision", "imagenet"), States.Policy(Shared + deliveries)).Verdict);

    [Fact]
    public void A_level_that_does_not_exist_is_told() => Assert.Equal(
        "label pod-security.kubernetes.io/enforce has the value \"strict\", which API servers take for restricted: write one of privileged, baseline, restricted",
        Assert.Single(Check(OptedIn("vision", "strict")).Findings).Cause);

    private static string OptedIn(string name, string? level) =>
        States.Namespace(name, $"sluice.io/injection: enabled{(level is null ? "" : $", pod-security.kubernetes.io/enforce: {level}")}");

    private static CheckResult Check(params string[] manifests) => PodSecurity.Check(States.Unseen with { Tenancy = States.Tenancy(manifests) });
}
