using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class RightsTests
{
    private static readonly Right Read = new("sluice-system", "get", "", "secrets", "sluice-webhook-certificates");
    private static readonly Right Follow = new(null, "watch", "sluice.io", "datasets", null);

    [Fact]
    public void All_of_them_are_well() => Assert.Equal("Ok: 2 of 2 rights", Check("", (Read, true), (Follow, true)).Told());

    [Fact]
    public void What_is_missing_is_one_sentence_for_each_object() => Assert.Equal(
        "Wrong: 1 of 4 rights\n"
        + "Wrong: ServiceAccount sluice-system/sluice-webhook: may not get, update secrets \"sluice-webhook-certificates\" in namespace sluice-system: no RBAC policy matched > kubectl apply --server-side -k deploy/manifests\n"
        + "Wrong: ServiceAccount sluice-system/sluice-webhook: may not watch datasets.sluice.io: no RBAC policy matched > kubectl apply --server-side -k deploy/manifests",
        Check("no RBAC policy matched", (Read, false), (Read with { Verb = "patch" }, true), (Read with { Verb = "update" }, false), (Follow, false)).Told());

    [Fact]
    public void The_rights_that_are_asked_about_are_those_that_the_manifests_give()
    {
        string[] always = [.. Right.Always.Select(r => r.ToString())], certificates = [.. Right.ForCertificates.Select(r => r.ToString())];
        Assert.Contains("cluster list datasets.sluice.io", always, StringComparer.Ordinal);
        Assert.Contains("cluster watch namespaces", always, StringComparer.Ordinal);
        Assert.Contains("sluice-system get secrets/sluice-webhook-certificates", certificates, StringComparer.Ordinal);
        Assert.Contains("cluster patch mutatingwebhookconfigurations.admissionregistration.k8s.io/sluice-webhook", certificates, StringComparer.Ordinal);
        Assert.DoesNotContain(always, r => r.Contains("secrets", StringComparison.Ordinal));
        Assert.Equal(Count("access.yaml"), always.Length);
        Assert.Equal(Count("certificates.yaml"), certificates.Length);
    }

    private static CheckResult Check(string reason, params (Right Right, bool Allowed)[] answers) => Rights.Check(States.Unseen with
    {
        Rights = States.List<RightAnswer>([.. answers.Select(a => new RightAnswer(a.Right, a.Allowed, a.Allowed ? "" : reason))]),
    });

    /// <summary>Verbs times resources in the rules of the roles that are the webhook's own, which carry its name; the others are for teams.</summary>
    private static int Count(string file) => SampleCluster.Manifests("webhook", file)
        .Where(m => (string)m["kind"]! is "Role" or "ClusterRole" && ((string)m["metadata"]!["name"]!).StartsWith(Installed.Webhook, StringComparison.Ordinal))
        .SelectMany(role => role["rules"]!.AsArray())
        .Sum(rule => rule!["verbs"]!.AsArray().Count * rule["resources"]!.AsArray().Count);
}
