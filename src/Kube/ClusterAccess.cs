using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Kube;

/// <summary>
/// Where an API server is, whom to believe that it is the one, and how to prove who we are. There are two, and whoever starts
/// a program says which: <see cref="KubeconfigAccess"/> and <see cref="InClusterAccess"/>. No default is ever guessed.
/// </summary>
public abstract class ClusterAccess
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    // A connection that died without a word (a node that is gone, a NAT that forgot) is found out after both together.
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(10);

    // New connections now and then, so that API servers that were added get their share.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);

    private protected ClusterAccess(Uri address, string? tlsServerName, X509Certificate2Collection? authorities)
    {
        if (address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback)
            throw new ClusterAccessException($"{address} is no https:// address: an API server is spoken to over TLS, or on this machine");
        Address = address;
        TlsServerName = tlsServerName;
        Authorities = authorities;
    }

    public Uri Address { get; }

    /// <summary>The name that the server's certificate must carry; null: the host of <see cref="Address"/>.</summary>
    internal string? TlsServerName { get; }

    /// <summary>Whose certificates are believed; null: the system's.</summary>
    internal X509Certificate2Collection? Authorities { get; }

    /// <summary>Our certificate for new connections; null when we prove ourselves otherwise.</summary>
    internal abstract X509Certificate2? ClientCertificate { get; }

    /// <summary>What goes into the <c>Authorization</c> header; null for none.</summary>
    /// <exception cref="ClusterAccessException">The credentials cannot be read.</exception>
    internal abstract ValueTask<AuthenticationHeaderValue?> AuthorizeAsync(CancellationToken token);

    /// <summary>The server refused the credentials: reads them anew. Safe to be called by several at once.</summary>
    /// <exception cref="ClusterAccessException">The credentials cannot be read.</exception>
    internal abstract Task RenewAsync(CancellationToken token);

    /// <summary>
    /// Connections that verify chain and host name. The client library's own handler, given authorities, would skip the host name;
    /// a chain policy leaves that check to the platform.
    /// </summary>
    internal SocketsHttpHandler CreateHandler()
    {
        var tls = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            LocalCertificateSelectionCallback = (_, _, _, _, _) => ClientCertificate!, // null sends none
        };
        if (Authorities is not null)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck, // a cluster's own authority publishes no lists
                DisableCertificateDownloads = true,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities);
        }
        return new SocketsHttpHandler
        {
            SslOptions = tls,
            AllowAutoRedirect = false, // would carry the token elsewhere
            UseCookies = false,
            UseProxy = false, // the environment has no say
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            EnableMultipleHttp2Connections = true,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
        };
    }

    /// <summary>Every certificate of a PEM file or text: an authority that is being replaced stands beside its successor.</summary>
    private protected static X509Certificate2Collection ParseAuthorities(string pem, string source)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(pem);
        }
        catch (System.Security.Cryptography.CryptographicException e)
        {
            throw new ClusterAccessException($"{source} holds no certificate authority: {e.Message}", e);
        }
        return authorities.Count > 0 ? authorities : throw new ClusterAccessException($"{source} holds no certificate authority in PEM");
    }
}

/// <summary>What was given to reach a cluster cannot be used; the message names the file and the remedy.</summary>
public sealed class ClusterAccessException(string message, Exception? inner = null) : Exception(message, inner);
