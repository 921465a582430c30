using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Webhook.Certificates;

/// <summary>
/// When which certificate is replaced. Pure. A new authority signs nothing before API servers believe it; the old one stays in the
/// bundle until it ends, so that what it signed is believed as long as anybody serves it.
/// </summary>
internal static class Renewal
{
    public static readonly TimeSpan AuthorityValidity = TimeSpan.FromDays(365);
    public static readonly TimeSpan ServingValidity = TimeSpan.FromDays(90);

    // Renewed when a third is left: the authority outlives what it signs last, and there is time to mend what keeps a renewal from working.
    private static readonly TimeSpan AuthorityMargin = AuthorityValidity / 3;
    private static readonly TimeSpan ServingMargin = ServingValidity / 3;

    /// <summary>The next set, and why; null when <paramref name="current"/> is to stay.</summary>
    /// <param name="current">Null: there is none, or none that can be read.</param>
    /// <param name="names">That the serving certificate must have.</param>
    /// <param name="now">The time.</param>
    /// <param name="inForce">API servers have believed the authorities of <paramref name="current"/> for long enough.</param>
    public static (CertificateSet Set, string Reason)? Next(CertificateSet? current, IReadOnlyList<string> names, DateTimeOffset now, bool inForce)
    {
        if (current is null)
            return (WithNewServing(NewAuthority(now), "", [], names, now), "there were no certificates");
        var believed = current.Authorities.Where(authority => End(authority) > now).ToList();
        if (believed.Count == 0)
            return (WithNewServing(NewAuthority(now), "", [], names, now), "the authority had ended");
        var broken = Problem(current, believed, names, now);
        var signer = current.Authorities[0];
        if (End(signer) - now < AuthorityMargin)
            return (WithNewAuthority(current, believed, now), "the authority would have ended");
        if (broken is not null)
            return (WithNewServing(current.Signer(), current.AuthorityKey, believed[1..], names, now), broken);
        // From here on the serving certificate is good: what replaces it must be believed before it is served.
        if (inForce && !IsSignedBy(current.Serving, signer))
            return (WithNewServing(current.Signer(), current.AuthorityKey, believed[1..], names, now), "the new authority is believed");
        if (inForce && End(current.Serving) - now < ServingMargin)
            return (WithNewServing(current.Signer(), current.AuthorityKey, believed[1..], names, now), "the serving certificate would have ended");
        return believed.Count < current.Authorities.Length
            ? (current with { Authorities = [.. believed] }, "an old authority had ended")
            : null;
    }

    /// <summary>Why nobody should be served this certificate; null when it is good.</summary>
    private static string? Problem(CertificateSet current, List<X509Certificate2> believed, IReadOnlyList<string> names, DateTimeOffset now)
    {
        if (End(current.Serving) <= now)
            return "the serving certificate had ended";
        if (!believed.Exists(authority => IsSignedBy(current.Serving, authority)))
            return "the serving certificate was of no known authority";
        return names.All(name => current.Serving.MatchesHostname(name)) ? null : "the serving certificate was for other names";
    }

    private static bool IsSignedBy(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid; // judged by our own clock
        return chain.Build(certificate);
    }

    /// <summary>The authority with its key; nothing is signed with it yet.</summary>
    private static CertificateSet WithNewAuthority(CertificateSet current, List<X509Certificate2> believed, DateTimeOffset now)
    {
        using var authority = NewAuthority(now);
        return current with { Authorities = [WithoutKey(authority), .. believed], AuthorityKey = KeyOf(authority) };
    }

    private static CertificateSet WithNewServing(
        X509Certificate2 signer, string signerKey, List<X509Certificate2> others, IReadOnlyList<string> names, DateTimeOffset now)
    {
        using (signer)
        {
            using var key = CertificateRequests.NewKey();
            var alternatives = new SubjectAlternativeNameBuilder();
            foreach (var name in names)
                alternatives.AddDnsName(name);
            var until = now + ServingValidity < End(signer) ? now + ServingValidity : End(signer);
            var (from, earliest) = (now - CertificateRequests.Skew, new DateTimeOffset(signer.NotBefore));
            using var signed = CertificateRequests.Sign(
                CertificateRequests.Serving("CN=sluice-webhook", key, alternatives), signer, from > earliest ? from : earliest, until);
            return new CertificateSet(
                [WithoutKey(signer), .. others], signerKey.Length == 0 ? KeyOf(signer) : signerKey, signed.CopyWithPrivateKey(key), key.ExportPkcs8PrivateKeyPem());
        }
    }

    private static X509Certificate2 NewAuthority(DateTimeOffset now)
    {
        using var key = CertificateRequests.NewKey();
        // The serial number in the name: two authorities of one name would be taken for one by some verifiers.
        var subject = $"CN=sluice-webhook-authority-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        return CertificateRequests.Authority(subject, key).CreateSelfSigned(now - CertificateRequests.Skew, now + AuthorityValidity);
    }

    private static X509Certificate2 WithoutKey(X509Certificate2 certificate) => X509CertificateLoader.LoadCertificate(certificate.RawDataMemory.Span);

    private static string KeyOf(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    private static DateTimeOffset End(X509Certificate2 certificate) => new DateTimeOffset(certificate.NotAfter).ToUniversalTime();
}
