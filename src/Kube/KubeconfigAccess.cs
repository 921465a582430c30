using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Exceptions;
using k8s.KubeConfigModels;
using YamlDotNet.Core;

namespace Sluice.Kube;

/// <summary>
/// A context of a kubeconfig file: tokens, passwords, client certificates and credential plugins, as the client library reads
/// them. Authorities are read here: the library would take only the first of several.
/// </summary>
public sealed class KubeconfigAccess : ClusterAccess
{
    private readonly FileInfo _file;
    private readonly string _context;
    private readonly Lock _gate = new();
    private Task? _renewing; // guarded by _gate; the reading that is under way
    private volatile User _user; // replaced whole

    private KubeconfigAccess(FileInfo file, string context, Uri address, ClusterEndpoint cluster, X509Certificate2Collection? authorities, User user)
        : base(address, cluster.TlsServerName is { Length: > 0 } name ? name : null, authorities)
    {
        _file = file;
        _context = context;
        _user = user;
    }

    /// <summary>Reads <paramref name="file"/>; runs the credential plugin that it names, if any.</summary>
    /// <param name="file">The kubeconfig; files that it names are relative to it.</param>
    /// <param name="context">A context of it; null: its current one.</param>
    /// <param name="token">Ends the waiting.</param>
    /// <exception cref="ClusterAccessException">It cannot be read, or lacks what it takes.</exception>
    public static async Task<KubeconfigAccess> OpenAsync(FileInfo file, string? context, CancellationToken token)
    {
        var (configuration, contextName) = await LoadAsync(file, context, token);
        var details = configuration.Contexts?.FirstOrDefault(c => Same(c.Name, contextName))?.ContextDetails
            ?? throw new ClusterAccessException($"{file}: there is no context \"{contextName}\"");
        var cluster = configuration.Clusters?.FirstOrDefault(c => Same(c.Name, details.Cluster))?.ClusterEndpoint
            ?? throw new ClusterAccessException($"{file}: context \"{contextName}\" names the cluster \"{details.Cluster}\", which is not there");
        if (cluster.SkipTlsVerify)
            throw new ClusterAccessException($"{file}: cluster \"{details.Cluster}\" has insecure-skip-tls-verify: give its certificate-authority instead");
        if (!Uri.TryCreate(cluster.Server, UriKind.Absolute, out var address))
            throw new ClusterAccessException($"{file}: server \"{cluster.Server}\" of cluster \"{details.Cluster}\" is no address");
        return new KubeconfigAccess(file, contextName, address, cluster, ReadAuthorities(file, cluster), ReadUser(file, configuration, contextName));
    }

    internal override X509Certificate2? ClientCertificate => _user.Certificate;

    internal override async ValueTask<AuthenticationHeaderValue?> AuthorizeAsync(CancellationToken token)
    {
        var user = _user;
        if (user.Plugin is null)
            return user.Header;
        try
        {
            // The library runs the plugin again when the token that it gave is about to end.
            return await user.Plugin.GetAuthenticationHeaderAsync(token);
        }
        catch (KubeConfigException e)
        {
            throw new ClusterAccessException($"{_file}: {e.Message}", e);
        }
    }

    internal override Task RenewAsync(CancellationToken token)
    {
        Task renewing;
        lock (_gate)
        {
            if (_renewing is null or { IsCompleted: true })
                _renewing = RenewAsync();
            renewing = _renewing;
        }
        return renewing.WaitAsync(token);
    }

    private async Task RenewAsync()
    {
        await Task.Yield(); // a plugin takes its time: not under the lock
        var (configuration, context) = await LoadAsync(_file, _context, CancellationToken.None);
        _user = ReadUser(_file, configuration, context);
    }

    private static async Task<(K8SConfiguration Configuration, string Context)> LoadAsync(FileInfo file, string? context, CancellationToken token)
    {
        try
        {
            var configuration = await KubernetesClientConfiguration.LoadKubeConfigAsync(file).WaitAsync(token)
                ?? throw new ClusterAccessException($"{file} is empty");
            return (configuration, context ?? configuration.CurrentContext
                ?? throw new ClusterAccessException($"{file} has no current-context"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or YamlException or KubeConfigException)
        {
            throw new ClusterAccessException($"{file} cannot be read: {e.Message}", e);
        }
    }

    private static X509Certificate2Collection? ReadAuthorities(FileInfo file, ClusterEndpoint cluster)
    {
        try
        {
            if (cluster.CertificateAuthorityData is { Length: > 0 } data)
                return ParseAuthorities(Decode(data), $"certificate-authority-data of {file}");
            if (cluster.CertificateAuthority is not { Length: > 0 } path)
                return null;
            path = Path.Combine(file.DirectoryName!, path);
            return ParseAuthorities(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new ClusterAccessException($"{file}: the certificate authority cannot be read: {e.Message}", e);
        }
    }

    private static User ReadUser(FileInfo file, K8SConfiguration configuration, string context)
    {
        try
        {
            var read = KubernetesClientConfiguration.BuildConfigFromConfigObject(configuration, context);
            AuthenticationHeaderValue? header = null;
            if (read.AccessToken is { Length: > 0 } bearer)
                header = new AuthenticationHeaderValue("Bearer", bearer);
            else if (read.Username is { Length: > 0 })
                header = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{read.Username}:{read.Password}")));
            return new User(header, read.TokenProvider, ReadCertificate(read));
        }
        catch (Exception e) when (e is KubeConfigException or IOException or UnauthorizedAccessException or CryptographicException or FormatException or InvalidOperationException)
        {
            throw new ClusterAccessException($"{file}: the user of context \"{context}\" cannot be used: {e.Message}", e);
        }
    }

    private static X509Certificate2? ReadCertificate(KubernetesClientConfiguration read)
    {
        if (read.ClientCertificateData is { Length: > 0 } certificate && read.ClientCertificateKeyData is { Length: > 0 } key)
            return X509Certificate2.CreateFromPem(Decode(certificate), Decode(key));
        return read.ClientCertificateFilePath is { Length: > 0 } file
            ? X509Certificate2.CreateFromPem(File.ReadAllText(file), File.ReadAllText(read.ClientKeyFilePath))
            : null;
    }

    private static string Decode(string base64) => Encoding.ASCII.GetString(Convert.FromBase64String(base64));

    private static bool Same(string? name, string? other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase); // as the library looks it up

    /// <summary>The credentials of one reading.</summary>
    /// <param name="Header">Of a token or a password; null for none.</param>
    /// <param name="Plugin">Gives the header in its place, when a program makes the tokens.</param>
    /// <param name="Certificate">For TLS.</param>
    private sealed record User(AuthenticationHeaderValue? Header, k8s.Authentication.ITokenProvider? Plugin, X509Certificate2? Certificate);
}
