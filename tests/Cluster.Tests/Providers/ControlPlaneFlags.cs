using System.Globalization;

namespace Sluice.Cluster.Tests.Providers;

/// <summary>How etcd and kube-apiserver are started: what envtest gives them, with the admission plugins of a stock cluster.</summary>
internal static class ControlPlaneFlags
{
    public const string ApiServer = "kube-apiserver";
    public const string Etcd = "etcd";

    /// <summary>etcd of one member, on loopback; what it holds need not outlive the machine.</summary>
    public static IReadOnlyList<string> ForEtcd(string directory, int clientPort, int peerPort) =>
    [
        $"--data-dir={Path.Combine(directory, "etcd")}",
        $"--listen-client-urls={Loopback("http", clientPort)}",
        $"--advertise-client-urls={Loopback("http", clientPort)}",
        $"--listen-peer-urls={Loopback("http", peerPort)}",
        $"--initial-advertise-peer-urls={Loopback("http", peerPort)}",
        $"--initial-cluster=default={Loopback("http", peerPort)}",
        "--unsafe-no-fsync=true",
    ];

    /// <summary>
    /// kube-apiserver on loopback. envtest turns the ServiceAccount plugin off, for want of a controller that makes the accounts; here the
    /// tests make them, since pods of a stock cluster have tokens. No reconciler: it would not take a loopback address for an endpoint.
    /// </summary>
    public static IReadOnlyList<string> ForApiServer(string directory, int port, int etcdPort) =>
    [
        $"--etcd-servers={Loopback("http", etcdPort)}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        string.Create(CultureInfo.InvariantCulture, $"--secure-port={port}"),
        "--service-cluster-ip-range=10.0.0.0/24",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        $"--cert-dir={directory}",
        $"--tls-cert-file={Path.Combine(directory, ControlPlaneCertificates.ServingFile)}",
        $"--tls-private-key-file={Path.Combine(directory, ControlPlaneCertificates.ServingKeyFile)}",
        $"--client-ca-file={Path.Combine(directory, ControlPlaneCertificates.AuthorityFile)}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        $"--service-account-key-file={Path.Combine(directory, ControlPlaneCertificates.TokenPublicKeyFile)}",
        $"--service-account-signing-key-file={Path.Combine(directory, ControlPlaneCertificates.TokenKeyFile)}",
    ];

    /// <summary>Without a slash at the end: etcd takes no path.</summary>
    public static string Loopback(string scheme, int port) => string.Create(CultureInfo.InvariantCulture, $"{scheme}://127.0.0.1:{port}");
}
