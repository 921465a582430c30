using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class LimitRangesTests
{
    private const string Lifted = ", fuse: {resources: {limits: {memory: 0}}}";

    private static readonly string Vision = States.Namespace("vision");
    private static readonly string Unlimited = States.Policy("allowUnlimited: true");

    [Fact]
    public void Sidecars_that_name_what_the_range_would_fill_in_are_well() =>
        Assert.Equal("Ok: 1 LimitRange about containers", Check("""{"default":{"cpu":"500m","memory":"128Mi"},"defaultRequest":{"cpu":"1m"}}""", States.Dataset("vision", "imagenet")).Told());

    [Fact]
    public void A_limit_that_a_dataset_lifted_is_filled_in_and_told() => Assert.Equal(
        "Warning: 1 LimitRange about containers\n"
        + "Warning: LimitRange vision/small: gives sidecars that have no memory limit one of 128Mi: name one in fuse.resources of the Dataset or its profile (dataset vision/a and 1 more) > kubectl -n vision edit limitrange small",
        Check("""{"default":{"memory":"128Mi"}}""", States.Dataset("vision", "a", Lifted), States.Dataset("vision", "b", Lifted), Unlimited).Told());

    [Fact]
    public void Where_pods_may_ask_for_no_limit_they_are_told_what_they_get() => Assert.Equal(
        ["cpu", "memory"],
        Check("""{"default":{"cpu":"500m","memory":"128Mi"}}""", States.Dataset("vision", "imagenet"), Unlimited).Findings.Select(f => f.Cause.Split(' ')[5]).Order(StringComparer.Ordinal), StringComparer.Ordinal);

    [Fact]
    public void A_resource_that_nobody_names_is_filled_in() => Assert.Equal(
        ["gives sidecars that have no ephemeral-storage request one of 1Gi: name one in fuse.resources of the Dataset or its profile (dataset vision/imagenet)"],
        Check("""{"defaultRequest":{"ephemeral-storage":"1Gi"}}""", States.Dataset("vision", "imagenet")).Findings.Select(f => f.Cause), StringComparer.Ordinal);

    [Theory]
    [InlineData("""{"max":{"memory":"200Mi"}}""", "refuses sidecars, whose memory limit of 256Mi is above its max of 200Mi: lower it, or raise max (dataset vision/imagenet)")]
    [InlineData("""{"min":{"cpu":"100m"}}""", "refuses sidecars, whose cpu request of 50m is below its min of 100m: raise it, or lower min (dataset vision/imagenet)")]
    public void Sidecars_out_of_bounds_are_refused_and_that_is_wrong(string limits, string cause)
    {
        var result = Check(limits, States.Dataset("vision", "imagenet"));
        Assert.Equal((Verdict.Wrong, cause), (result.Verdict, Assert.Single(result.Findings).Cause));
    }

    [Fact]
    public void Ranges_about_pods_or_claims_alone_are_not_looked_at() =>
        Assert.Null(LimitRange.Read(States.Json("""{"metadata":{"name":"x","namespace":"vision"},"spec":{"limits":[{"type":"Pod","max":{"memory":"1Mi"}}]}}""")));

    private static CheckResult Check(string limits, params string[] manifests) => LimitRanges.Check(States.Unseen with
    {
        LimitRanges = States.List(LimitRange.Read(States.Json(
            $$"""{"metadata":{"name":"small","namespace":"vision"},"spec":{"limits":[{"type":"Pod"},{{limits.Insert(1, "\"type\":\"Container\",")}}] } }"""))!),
        Tenancy = States.Tenancy([Vision, States.Profile(), .. manifests]),
    });
}
