using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Sluice.Webhook.Certificates;

/// <summary>
/// The certificate that new handshakes get. One writer; connections that are open keep what they have, so that a new
/// certificate drops none of them.
/// </summary>
internal sealed class ServingCertificate
{
    // Replaced whole. The old context is left to the collector: handshakes may still use it.
    private volatile SslStreamCertificateContext? _context;
    private volatile string? _error;

    /// <summary>Why the last attempt to load failed; null when it succeeded.</summary>
    public string? Error => _error;

    public bool IsLoaded => _context is not null;

    public DateTimeOffset? NotAfter => _context is { } context ? new DateTimeOffset(context.TargetCertificate.NotAfter).ToUniversalTime() : null;

    /// <summary>Serves <paramref name="certificate"/> (with its private key) and these intermediates from now on.</summary>
    public void Load(X509Certificate2 certificate, X509Certificate2Collection intermediates)
    {
        // Offline: no handshake waits for a download of somebody's issuer.
        _context = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);
        _error = null;
    }

    public void Fail(string error) => _error = error;

    /// <summary>How Kestrel asks, at each handshake.</summary>
    public TlsHandshakeCallbackOptions Handshakes() => new()
    {
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _context ?? throw new AuthenticationException("No serving certificate is loaded: /readyz tells why."),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        }),
    };
}
