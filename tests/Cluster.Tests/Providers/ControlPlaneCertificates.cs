using System.Security.Cryptography;
using Sluice.Testing.Certificates;

namespace Sluice.Cluster.Tests.Providers;

/// <summary>What a control plane of one machine needs to be believed and to believe: made for one run, in its directory.</summary>
internal static class ControlPlaneCertificates
{
    public const string AuthorityFile = "authority.crt";
    public const string ServingFile = "apiserver.crt";
    public const string ServingKeyFile = "apiserver.key";
    public const string TokenKeyFile = "tokens.key";
    public const string TokenPublicKeyFile = "tokens.pub";
    public const string KubeconfigFile = "kubeconfig";

    /// <summary>Writes certificates, the keys of service account tokens, and the kubeconfig of an administrator.</summary>
    public static void Write(string directory, int port)
    {
        using var authority = new ThrowawayAuthority("sluice-tests");
        Put(AuthorityFile, authority.Pem);
        var (serving, servingKey) = authority.Issue("127.0.0.1", "localhost", "kubernetes.default.svc");
        Put(ServingFile, serving);
        Put(ServingKeyFile, servingKey);
        using var tokens = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Put(TokenKeyFile, tokens.ExportPkcs8PrivateKeyPem());
        Put(TokenPublicKeyFile, tokens.ExportSubjectPublicKeyInfoPem());
        // RBAC lets this group do everything.
        var (admin, adminKey) = authority.IssueClient("sluice-tests", "system:masters");
        Put(KubeconfigFile, Kubeconfig(port, authority.Pem, admin, adminKey));

        void Put(string name, string text) => File.WriteAllText(Path.Combine(directory, name), text);
    }

    private static string Kubeconfig(int port, string authority, string certificate, string key) => $$"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: tests
          cluster: {server: "{{ControlPlaneFlags.Loopback("https", port)}}", certificate-authority-data: {{Base64(authority)}}}
        users:
        - name: admin
          user: {client-certificate-data: {{Base64(certificate)}}, client-key-data: {{Base64(key)}}}
        contexts:
        - name: tests
          context: {cluster: tests, user: admin}
        current-context: tests

        """;

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(text));
}
