using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class WebhookReplicasTests
{
    [Theory]
    [InlineData(2, 2, Verdict.Ok)]
    [InlineData(2, 1, Verdict.Warning)]
    [InlineData(2, 0, Verdict.Wrong)]
    [InlineData(0, 0, Verdict.Wrong)]
    public void Nobody_who_answers_is_wrong_and_some_who_do_not_are_a_warning(int wanted, int ready, object verdict) =>
        Assert.Equal(verdict, Check(new WebhookDeployment(wanted, ready, null, CertificateSource.Managed)).Verdict);

    [Fact]
    public void Why_it_is_not_available_is_told_in_its_controllers_words() => Assert.Equal(
        "Wrong: 0 of 2 replicas ready\nWrong: Deployment sluice-system/sluice-webhook: 0 of 2 replicas ready: ReplicaSet \"x\" has timed out progressing."
        + " > kubectl -n sluice-system describe pods -l app.kubernetes.io/name=sluice-webhook",
        Check(WebhookDeployment.Read(States.Json("""
            {"spec":{"replicas":2},"status":{"conditions":[{"type":"Available","status":"True"},{"type":"Progressing","status":"False","message":"ReplicaSet \"x\" has timed out progressing."}]}}
            """))).Told());

    [Fact]
    public void A_deployment_that_is_not_there_is_to_be_installed() => Assert.Equal(
        "Wrong: not installed\nWrong: Deployment sluice-system/sluice-webhook: is not there > kubectl apply --server-side -k deploy/manifests",
        Check(null).Told());

    private static CheckResult Check(WebhookDeployment? deployment) =>
        WebhookReplicas.Check(States.Unseen with { Deployment = Reading<WebhookDeployment?>.Of(deployment) });
}
