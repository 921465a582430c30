using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Webhook.Certificates;

namespace Sluice.Cluster.Tests;

/// <summary>What the webhook's Secret holds when its authority has a month left: good, and due to be replaced.</summary>
internal static class AgingCertificates
{
    private static readonly TimeSpan AuthorityLeft = TimeSpan.FromDays(30);

    public static CertificateSet Make(IEnumerable<string> names, DateTimeOffset now)
    {
        using var authorityKey = CertificateRequests.NewKey();
        using var authority = CertificateRequests.Authority("CN=aging-authority", authorityKey).CreateSelfSigned(now + AuthorityLeft - Renewal.AuthorityValidity, now + AuthorityLeft);
        using var servingKey = CertificateRequests.NewKey();
        var hosts = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
            hosts.AddDnsName(name);
        using var signed = CertificateRequests.Sign(CertificateRequests.Serving("CN=aging", servingKey, hosts), authority, now - CertificateRequests.Skew, now + AuthorityLeft);
        return new CertificateSet(
            [X509CertificateLoader.LoadCertificate(authority.RawData)], authorityKey.ExportPkcs8PrivateKeyPem(), signed.CopyWithPrivateKey(servingKey), servingKey.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Whether a set is through with its renewal: what is served is of the newest authority, and the older one is believed still.</summary>
    public static bool IsRenewed(CertificateSet set)
    {
        if (set.Authorities.Length < 2)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(set.Authorities[0]);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(set.Serving);
    }
}
