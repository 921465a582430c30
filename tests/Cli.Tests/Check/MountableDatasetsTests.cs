using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class MountableDatasetsTests
{
    private static readonly string Vision = States.Namespace("vision");

    [Fact]
    public void A_dataset_that_its_own_namespace_mounts_is_well() =>
        Assert.Equal("Ok: 1 dataset", Check(Vision, States.Profile(), States.Dataset("vision", "imagenet")).Told());

    [Fact]
    public void One_that_no_profile_serves_is_told_in_the_words_of_a_denial() => Assert.Equal(
        "Wrong: 1 of 2 datasets can be mounted by nobody\n"
        + "Wrong: Dataset vision/lost: dataset \"vision/lost\" names RuntimeProfile \"gone\", which does not exist: create it, or name another in spec.profile > kubectl -n vision edit dataset lost",
        Check(Vision, States.Profile(), States.Dataset("vision", "imagenet"), States.Dataset("vision", "lost", ", profile: gone")).Told());

    [Fact]
    public void One_that_policies_keep_from_everybody_leads_to_the_policies()
    {
        var finding = Assert.Single(Check(Vision, States.Profile(), States.Dataset("vision", "imagenet"), States.Policy("allowedProfiles: [s3fs]")).Findings);
        Assert.Equal(("kubectl get tenantpolicies", true), (finding.Remedy, finding.Cause.StartsWith("policy \"policy\": ", StringComparison.Ordinal)));
    }

    [Fact]
    public void One_that_another_namespace_mounts_is_well_though_its_own_may_not() => Assert.Equal(Verdict.Ok, Check(
        Vision, States.Namespace("audio"), States.Profile(),
        States.Dataset("vision", "imagenet", ", sharing: [{namespaceSelector: {}}]"),
        States.Policy("datasets: {allow: []}").Replace("namespaceSelector: {}", "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: vision}}", StringComparison.Ordinal)).Verdict);

    [Fact]
    public void One_that_is_delivered_Shared_alone_is_well() => Assert.Equal(Verdict.Ok, Check(
        Vision, States.Profile(), States.Dataset("vision", "imagenet"), States.Policy("allowedDeliveries: [Shared], allowedImages: [\"*\"]")).Verdict);

    [Fact]
    public void One_in_a_namespace_that_is_never_injected_and_shared_with_nobody_is_wrong() => Assert.Equal(
        "pods of namespace sluice-system are never injected, and spec.sharing selects no other namespace",
        Assert.Single(Check(Vision, States.Namespace("sluice-system"), States.Profile(), States.Dataset("sluice-system", "imagenet")).Findings).Cause);

    [Fact]
    public void After_a_thousand_nobody_looks_further()
    {
        var result = Check([Vision, .. Enumerable.Range(0, 1200).Select(i => States.Dataset("vision", $"d{i}"))]);
        Assert.Equal((1000, "at least 1000 of 1200 datasets can be mounted by nobody"), (result.Findings.Count, result.Summary));
    }

    private static CheckResult Check(params string[] manifests) => MountableDatasets.Check(States.Unseen with { Tenancy = States.Tenancy(manifests) });
}
