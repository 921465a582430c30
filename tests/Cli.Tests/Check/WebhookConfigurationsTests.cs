using Sluice.Cli.Check;
using Sluice.Testing.Certificates;

namespace Sluice.Cli.Tests.Check;

public sealed class WebhookConfigurationsTests : IDisposable
{
    private readonly ThrowawayAuthority _authority = new("webhook", States.Unseen.Now.AddDays(-300), States.Unseen.Now.AddDays(60));

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void All_entries_with_an_authority_are_well() => Assert.Equal("Ok: 5 entries", Check(Mutating(), Validating()).Told());

    [Fact]
    public void A_configuration_that_is_missing_sends_nothing() => Assert.Equal(
        "Wrong: 4 entries\nWrong: ValidatingWebhookConfiguration sluice-webhook: is not there, so that nothing is sent to the webhook > kubectl apply --server-side -k deploy/manifests",
        Check(Mutating(), null).Told());

    [Fact]
    public void An_entry_that_is_missing_is_named()
    {
        var cause = Assert.Single(Check(Mutating() with { Entries = [.. Mutating().Entries.Skip(1)] }, Validating()).Findings).Cause;
        Assert.Equal("has no entry dataset.pods.sluice.io, so that what it selects is not sent to the webhook", cause);
    }

    [Theory]
    [InlineData(0, Verdict.Warning)]
    [InlineData(2, Verdict.Ok)] // overlays/e3-ignore
    public void An_entry_that_may_be_passed_over_is_a_warning_but_for_that_of_whole_namespaces(int entry, object verdict)
    {
        var mutating = Mutating();
        var entries = mutating.Entries.ToList();
        entries[entry] = entries[entry] with { FailurePolicy = "Ignore" };
        Assert.Equal(verdict, Check(mutating with { Entries = entries }, Validating()).Verdict);
    }

    [Theory]
    [InlineData("", "caBundle of resources.sluice.io is empty: nobody has written the authority of the webhook's certificate there")]
    [InlineData("Cg==", "caBundle of resources.sluice.io holds no certificate in PEM")]
    public void A_bundle_without_an_authority_is_wrong(string bundle, string cause)
    {
        var validating = WebhookConfiguration.Read("ValidatingWebhookConfiguration", States.Json($$"""
            {"metadata":{"name":"sluice-webhook"},"webhooks":[{"name":"resources.sluice.io","clientConfig":{"caBundle":"{{bundle}}","service":{"name":"s","namespace":"n"} } }]}
            """));
        Assert.Equal("s.n.svc", validating.Entries[0].Host);
        Assert.Equal(cause, Assert.Single(Check(Mutating(), validating).Findings).Cause);
    }

    [Theory]
    [InlineData(59, Verdict.Warning, "ends on 2026-07-31 00:00 UTC, and should have been renewed")]
    [InlineData(60, Verdict.Wrong, "ended on 2026-07-31 00:00 UTC")]
    public void The_end_of_an_authority_is_told_before_and_after(int days, object verdict, string cause)
    {
        var result = Check(Mutating(), Validating(), days);
        Assert.Equal(verdict, result.Verdict);
        Assert.All(result.Findings, f => Assert.EndsWith(cause, f.Cause, StringComparison.Ordinal));
    }

    [Fact]
    public void An_old_authority_beside_its_successor_is_no_trouble()
    {
        using var successor = new ThrowawayAuthority("webhook", States.Unseen.Now, States.Unseen.Now.AddDays(365));
        var bundle = _authority.Pem + "\n" + successor.Pem;
        Assert.Equal(Verdict.Ok, Check(Mutating(bundle), Validating(bundle), 61).Verdict);
    }

    private WebhookConfiguration Mutating(string? bundle = null) =>
        new("MutatingWebhookConfiguration", "sluice-webhook", [.. Installed.MutatingEntries.Select(name => new WebhookEntry(name, "Fail", "sluice-webhook.sluice-system.svc", bundle ?? _authority.Pem))]);

    private WebhookConfiguration Validating(string? bundle = null) =>
        new("ValidatingWebhookConfiguration", "sluice-webhook", [.. Installed.ValidatingEntries.Select(name => new WebhookEntry(name, "Fail", "sluice-webhook.sluice-system.svc", bundle ?? _authority.Pem))]);

    private static CheckResult Check(WebhookConfiguration? mutating, WebhookConfiguration? validating, int days = 0) => WebhookConfigurations.Check(States.Unseen with
    {
        Now = States.Unseen.Now.AddDays(days),
        Mutating = Reading<WebhookConfiguration?>.Of(mutating),
        Validating = Reading<WebhookConfiguration?>.Of(validating),
    });
}
