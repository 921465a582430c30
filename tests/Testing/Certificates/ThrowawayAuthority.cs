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
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }
        return Sign("CN=throwaway", "1.3.6.1.5.5.7.3.1", names.Build()); // serverAuth
    }

    /// <summary>Signs a client certificate; API servers take the organization for a group. Gives it and its private key (PKCS#8) in PEM.</summary>
    public (string Certificate, string Key) IssueClient(string user, string group) => Sign($"O={group}, CN={user}", "1.3.6.1.5.5.7.3.2"); // clientAuth

    private (string Certificate, string Key) Sign(string subject, string usage, params X509Extension[] extensions)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        foreach (var extension in extensions)
            request.CertificateExtensions.Add(extension);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        using var certificate = request.Create(_authority, new DateTimeOffset(_authority.NotBefore), new DateTimeOffset(_authority.NotAfter), RandomNumberGenerator.GetBytes(SerialLength));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _authority.Dispose();
}
