using Sluice.Webhook.Certificates;

namespace Sluice.Cluster.Tests;

/// <summary>The set that the test of renewal begins with is one that the webhook takes, and renews in the two steps that the test waits for.</summary>
public sealed class AgingCertificatesTests
{
    private static readonly string[] Names = ["webhook-1f.vision-1f.svc", "webhook-1f.vision-1f.svc.cluster.local", "webhook-1f.vision-1f"];

    [Fact]
    public void It_is_replaced_by_a_new_authority_first_and_by_its_certificate_once_that_is_believed()
    {
        var now = TimeProvider.System.GetUtcNow();
        var secret = System.Text.Json.JsonElement.Parse("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}""");
        var aging = CertificateSet.Read(System.Text.Json.JsonElement.Parse(AgingCertificates.Make(Names, now).WriteInto(secret).Span), out var problem);
        Assert.Null(problem);
        Assert.False(AgingCertificates.IsRenewed(aging!));

        var first = Renewal.Next(aging, Names, now, inForce: false);
        Assert.Equal(2, first!.Value.Set.Authorities.Length);
        Assert.False(AgingCertificates.IsRenewed(first.Value.Set));
        Assert.Null(Renewal.Next(first.Value.Set, Names, now, inForce: false));

        var second = Renewal.Next(first.Value.Set, Names, now, inForce: true);
        Assert.True(AgingCertificates.IsRenewed(second!.Value.Set));
        Assert.Null(Renewal.Next(second.Value.Set, Names, now, inForce: true));
    }
}
