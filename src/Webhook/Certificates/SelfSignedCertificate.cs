using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Webhook.Certificates;

/// <summary>A serving certificate for a laptop: nobody trusts it but who is told to.</summary>
internal static class SelfSignedCertificate
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(365);

    /// <summary>ECDSA P-256 for localhost, the loopback addresses and this host's name.</summary>
    public static X509Certificate2 Create(TimeProvider time)
    {
        using var key = CertificateRequests.NewKey();
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        if (Uri.CheckHostName(Environment.MachineName) == UriHostNameType.Dns)
            names.AddDnsName(Environment.MachineName);
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        var now = time.GetUtcNow();
        return CertificateRequests.Serving("CN=sluice-webhook", key, names).CreateSelfSigned(now - CertificateRequests.Skew, now + Validity);
    }
}
