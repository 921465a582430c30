using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Kube;

/// <summary>As the ServiceAccount of the pod that this process runs in.</summary>
public sealed class InClusterAccess : ClusterAccess
{
    /// <summary>Where the kubelet mounts token, authority and namespace.</summary>
    public const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    private readonly BearerTokenFile _token;

    private InClusterAccess(Uri address, string directory, X509Certificate2Collection authorities, TimeProvider time)
        : base(address, tlsServerName: null, authorities) =>
        _token = new BearerTokenFile(Path.Combine(directory, "token"), time);

    /// <summary>Reads the pod's mount at <see cref="MountPath"/>, and the server's address from what the kubelet put into the environment.</summary>
    /// <exception cref="ClusterAccessException">This is no pod, or one without a ServiceAccount token.</exception>
    public static InClusterAccess Open(TimeProvider time)
    {
        var host = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST");
        var port = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || !ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new ClusterAccessException("this process runs in no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
        return Open(new UriBuilder(Uri.UriSchemeHttps, host, number).Uri, MountPath, time);
    }

    internal static InClusterAccess Open(Uri address, string directory, TimeProvider time)
    {
        var file = Path.Combine(directory, "ca.crt");
        try
        {
            var access = new InClusterAccess(address, directory, ParseAuthorities(File.ReadAllText(file), file), time);
            access._token.Read();
            return access;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ClusterAccessException($"{file} cannot be read: {e.Message}", e);
        }
    }

    internal override X509Certificate2? ClientCertificate => null;

    internal override ValueTask<AuthenticationHeaderValue?> AuthorizeAsync(CancellationToken token) => new(_token.Current());

    internal override Task RenewAsync(CancellationToken token)
    {
        _token.Read();
        return Task.CompletedTask;
    }
}
