using System.Text.Json.Nodes;
using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class AdmissionTests
{
    private static readonly AdmissionTrial Trial = new("vision", "vision/imagenet", [], ["sluice-imagenet"]);

    [Fact]
    public void A_pod_that_comes_back_with_its_sidecar_is_well() => Assert.Equal(
        "Ok: a dry-run pod in namespace vision comes back with dataset vision/imagenet",
        Back("""{"spec":{"initContainers":[{"name":"istio-proxy"},{"name":"sluice-imagenet","restartPolicy":"Always"}]}}""").Told());

    [Theory]
    [InlineData("""{"spec":{"initContainers":[{"name":"other","restartPolicy":"Always"}]}}""", "was admitted without sluice-imagenet: no webhook was asked, or it did not know what the cluster knows")]
    [InlineData("""{"spec":{}}""", "was admitted without sluice-imagenet: no webhook was asked, or it did not know what the cluster knows")]
    [InlineData("""{"spec":{"initContainers":[{"name":"sluice-imagenet"}]}}""", "restartPolicy of sluice-imagenet was taken away by another webhook, and ours was not asked again")]
    public void A_pod_that_comes_back_without_is_wrong(string pod, string cause) => Assert.Equal(cause, Only(Back(pod), Verdict.Wrong).Cause);

    [Theory]
    [InlineData("failed calling webhook \"dataset.pods.sluice.io\": failed to call webhook: Post \"https://x\": context deadline exceeded", "kubectl -n sluice-system get pods,endpointslices -l app.kubernetes.io/name=sluice-webhook")]
    [InlineData("failed calling webhook \"dataset.pods.sluice.io\": failed to call webhook: Post \"https://x\": tls: failed to verify certificate: x509: certificate signed by unknown authority", "kubectl -n sluice-system logs deployment/sluice-webhook")]
    [InlineData("admission webhook \"dataset.pods.sluice.io\" denied the request: dataset \"vision/imagenet\" does not exist", "kubectl -n sluice-system logs deployment/sluice-webhook")]
    public void What_our_webhook_did_not_let_pass_is_wrong_in_the_clusters_words(string words, string next)
    {
        var finding = Only(Refused(words), Verdict.Wrong);
        Assert.EndsWith(words, finding.Cause, StringComparison.Ordinal);
        Assert.Equal(next, finding.Remedy);
    }

    [Theory]
    [InlineData("pods \"x\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=5, limited: pods=5", "kubectl -n vision describe resourcequota")]
    [InlineData("pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": privileged", "kubectl get namespace vision --show-labels")]
    [InlineData("admission webhook \"images.example.org\" denied the request: registry.k8s.io is not allowed", "kubectl get validatingadmissionpolicies,validatingwebhookconfigurations,mutatingwebhookconfigurations")]
    public void What_others_refuse_is_a_warning_in_their_words(string words, string next)
    {
        var finding = Only(Refused(words), Verdict.Warning);
        Assert.Equal(words, finding.Cause);
        Assert.Equal(next, finding.Remedy);
    }

    [Fact]
    public void Nothing_to_try_is_no_finding() => Assert.Equal(
        "Skipped: namespace vision may mount no dataset", Check(new AdmissionAnswer(null, "namespace vision may mount no dataset", null, null)).Told());

    private static Finding Only(CheckResult result, Verdict verdict)
    {
        Assert.Equal(verdict, result.Verdict);
        return Assert.Single(result.Findings);
    }

    private static CheckResult Back(string pod) => Check(new AdmissionAnswer(Trial, "", JsonNode.Parse(pod)!.AsObject(), null));

    private static CheckResult Refused(string words) => Check(new AdmissionAnswer(Trial, "", null, words));

    private static CheckResult Check(AdmissionAnswer answer) => Admission.Check(States.Unseen with { Admission = Reading<AdmissionAnswer>.Of(answer) });
}
