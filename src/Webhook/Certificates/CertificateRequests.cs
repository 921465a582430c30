using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Webhook.Certificates;

/// <summary>What goes into the certificates that this program makes: ECDSA P-256, whose handshakes cost half of RSA's.</summary>
internal static class CertificateRequests
{
    private const int SerialLength = 16; // bytes; RFC 5280 allows 20

    /// <summary>Clocks differ: certificates are valid from a little before they were made.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>For a server of these names.</summary>
    public static CertificateRequest Serving(string subject, ECDsa key, SubjectAlternativeNameBuilder names)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false)); // serverAuth
        return request;
    }

    /// <summary>For an authority that signs servers and no other authority.</summary>
    public static CertificateRequest Authority(string subject, ECDsa key)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    /// <summary>Signs as <paramref name="authority"/>, which has its private key.</summary>
    public static X509Certificate2 Sign(CertificateRequest request, X509Certificate2 authority, DateTimeOffset from, DateTimeOffset until)
    {
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        return request.Create(authority, from, until, RandomNumberGenerator.GetBytes(SerialLength));
    }
}
