using Sluice.Cli.Check;
using Sluice.Testing.Certificates;

namespace Sluice.Cli.Tests.Check;

public sealed class ServingCertificateTests : IDisposable
{
    private const string Host = "sluice-webhook.sluice-system.svc";

    private readonly ThrowawayAuthority _authority = new("webhook", States.Unseen.Now.AddDays(-30), States.Unseen.Now.AddDays(60));

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void A_certificate_for_the_service_by_the_authority_in_the_bundles_is_well() =>
        Assert.Equal("Ok: until 2026-07-31 00:00 UTC", Check(Issue(Host)).Told());

    [Fact]
    public void One_for_another_name_is_told_once() => Assert.Equal(
        "Wrong: until 2026-07-31 00:00 UTC\n"
        + "Wrong: Secret sluice-system/sluice-webhook-certificates: its certificate is not for sluice-webhook.sluice-system.svc, where API servers send requests"
        + " > kubectl -n sluice-system logs deployment/sluice-webhook",
        Check(Issue("sluice-webhook.elsewhere.svc")).Told());

    [Fact]
    public void One_of_a_foreign_authority_is_told_for_each_configuration_that_does_not_vouch_for_it()
    {
        using var foreign = new ThrowawayAuthority("webhook", States.Unseen.Now.AddDays(-30), States.Unseen.Now.AddDays(60)); // of the same name
        var findings = Check(foreign.Issue(Host).Certificate).Findings;
        Assert.Equal(["MutatingWebhookConfiguration sluice-webhook", "ValidatingWebhookConfiguration sluice-webhook"], findings.Select(f => f.Object), StringComparer.Ordinal);
        Assert.All(findings, f => Assert.Contains("does not vouch for the certificate in Secret sluice-system/sluice-webhook-certificates: ", f.Cause, StringComparison.Ordinal));
    }

    [Fact]
    public void The_old_authority_beside_the_new_one_vouches_for_the_old_certificate()
    {
        using var successor = new ThrowawayAuthority("webhook", States.Unseen.Now, States.Unseen.Now.AddDays(365));
        Assert.Equal(Verdict.Ok, Check(Issue(Host), bundle: _authority.Pem + successor.Pem).Verdict);
        Assert.Equal(Verdict.Ok, Check(successor.Issue(Host).Certificate, bundle: _authority.Pem + successor.Pem).Verdict);
    }

    [Theory]
    [InlineData(-31, "Wrong: its certificate begins on 2026-05-02 00:00 UTC: is this machine's clock right?")]
    [InlineData(52, "")]
    [InlineData(54, "Warning: its certificate ends on 2026-07-31 00:00 UTC, and should have been renewed")]
    [InlineData(61, "Wrong: its certificate ended on 2026-07-31 00:00 UTC")]
    public void Its_dates_are_told_by_themselves(int days, string expected) =>
        Assert.Equal(expected, string.Join('\n', Check(Issue(Host), days: days).Findings.Select(f => $"{f.Verdict}: {f.Cause}")));

    [Theory]
    [InlineData(null, "is not there")]
    [InlineData("", "has no tls.crt: nobody has issued a certificate yet")]
    [InlineData("tls", "tls.crt holds no certificate in PEM")]
    public void A_Secret_without_a_certificate_is_wrong(string? pem, string cause) => Assert.Equal(cause, Assert.Single(Check(pem).Findings).Cause);

    [Fact]
    public void A_certificate_from_no_Secret_cannot_be_looked_at() => Assert.Equal(
        Verdict.Skipped, ServingCertificate.Check(State("") with { Certificate = Reading<ServingSecret?>.Of(null) }).Verdict);

    [Fact]
    public void A_Secret_that_may_not_be_read_is_not_judged() => Assert.Equal(
        "Unseen: could not look: secrets is forbidden",
        ServingCertificate.Check(State("") with { Certificate = Reading<ServingSecret?>.Unseen("secrets is forbidden") }).Told());

    private string Issue(string host) => _authority.Issue(host).Certificate;

    private CheckResult Check(string? pem, string? bundle = null, int days = 0) => ServingCertificate.Check(State(bundle ?? _authority.Pem) with
    {
        Now = States.Unseen.Now.AddDays(days),
        Certificate = Reading<ServingSecret?>.Of(new ServingSecret("sluice-webhook-certificates", "tls.crt", pem)),
    });

    private static ClusterState State(string bundle) => States.Unseen with
    {
        Mutating = Configuration("MutatingWebhookConfiguration", bundle, "dataset.pods.sluice.io", "inject.pods.sluice.io"),
        Validating = Configuration("ValidatingWebhookConfiguration", bundle, "resources.sluice.io"),
    };

    private static Reading<WebhookConfiguration?> Configuration(string kind, string bundle, params string[] entries) =>
        Reading<WebhookConfiguration?>.Of(new WebhookConfiguration(kind, "sluice-webhook", [.. entries.Select(name => new WebhookEntry(name, "Fail", Host, bundle))]));
}
