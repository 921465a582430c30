using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Testing.Certificates;

/// <summary>A certificate authority for a test, and the serving certificates it signs. ECDSA P-256.</summary>
public sealed class ThrowawayAuthority : IDisposable
{
    private const int SerialLength = 16; // bytes; RFC 5280 allows 20

    private readonly X509Certificate2 _authority;

    public ThrowawayAuthority(string name)
        : this(name, TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow().AddDays(1))
    {
    }

    /// <summary>One that is valid from one time to another, as are the certificates that it signs.</summary>
    public ThrowawayAuthority(string name, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        _authority = request.CreateSelfSigned(from, until);
    }

    /// <summary>The authority's own certificate, for those who are to trust it.</summary>
    public string Pem => _authority.ExportCertificatePem();

    /// <summary>Signs a serving certificate for these host names and addresses; gives it and its private key (PKCS#8) in PEM.</summary>
    public (string Certificate, string Key) Issue(params string[] hosts)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=throwaway", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false)); // serverAuth
        using var certificate = request.Create(_authority, new DateTimeOffset(_authority.NotBefore), new DateTimeOffset(_authority.NotAfter), RandomNumberGenerator.GetBytes(SerialLength));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _authority.Dispose();
}
