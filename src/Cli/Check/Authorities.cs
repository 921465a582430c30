using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Cli.Check;

/// <summary>Certificates in PEM, as caBundles and Secrets hold them.</summary>
internal static class Authorities
{
    /// <summary>All of them, in their order; none where there is none, or one is broken.</summary>
    public static X509Certificate2Collection Read(string pem)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            certificates.Clear(); // an API server takes no bundle with a broken certificate either
        }
        return certificates;
    }

    /// <summary>Whether an authority of <paramref name="bundle"/> vouches for the first of <paramref name="presented"/> at <paramref name="when"/>.</summary>
    /// <param name="presented">What a server sends: its own certificate, then intermediate ones.</param>
    /// <param name="bundle">Whom a client believes.</param>
    /// <param name="when">The client's clock.</param>
    /// <param name="why">What is against it.</param>
    public static bool Vouch(X509Certificate2Collection presented, X509Certificate2Collection bundle, DateTimeOffset when, out string why)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(bundle);
        chain.ChainPolicy.ExtraStore.AddRange(presented);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // such authorities publish no lists
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = when.UtcDateTime;
        var trusted = chain.Build(presented[0]);
        why = string.Join(' ', chain.ChainStatus.Select(s => s.StatusInformation.Trim()).Distinct(StringComparer.Ordinal));
        return trusted;
    }
}
