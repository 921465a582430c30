using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

public sealed class CertificateSourceTests
{
    [Fact]
    public void Without_a_flag_the_webhook_makes_its_own() => Assert.Equal(CertificateSource.Managed, Of("""["--in-cluster"]"""));

    [Theory]
    [InlineData("""["--in-cluster","--tls-cert=/tls/tls.crt","--tls-key=/tls/tls.key"]""")]
    [InlineData("""["--tls-cert","/tls/tls.crt"]""")]
    public void With_one_it_is_in_the_Secret_that_is_mounted_there(string args) =>
        Assert.Equal(new CertificateSource(false, "sluice-webhook-tls", "tls.crt"), Of(args));

    [Fact]
    public void A_Secrets_key_may_be_mounted_under_another_name() =>
        Assert.Equal(new CertificateSource(false, "sluice-webhook-tls", "chain.pem"), Of("""["--tls-cert=/tls/cert.pem"]"""));

    [Theory]
    [InlineData("""["--tls-cert=/elsewhere/tls.crt"]""")]
    [InlineData("""["--tls-cert=tls.crt"]""")]
    public void Files_from_elsewhere_have_no_Secret(string args) => Assert.Null(Of(args).Secret);

    private static CertificateSource Of(string args) => CertificateSource.Of(States.Json($$"""
        {"containers":[{"name":"webhook","args":{{args}},"volumeMounts":[{"name":"tmp","mountPath":"/tmp"},{"name":"tls","mountPath":"/tls"}]}],
         "volumes":[{"name":"tmp","emptyDir":{} },{"name":"tls","secret":{"secretName":"sluice-webhook-tls","items":[{"key":"chain.pem","path":"cert.pem"}]} }]}
        """));
}
