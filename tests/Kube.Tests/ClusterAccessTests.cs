using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Testing.Certificates;

namespace Sluice.Kube.Tests;

/// <summary>Whom a client believes, and how it proves who it is.</summary>
public sealed class ClusterAccessTests
{
    private static readonly ApiObject One = Cluster.Widgets.Object("default", "one");

    [Fact]
    public async Task A_certificate_for_the_host_by_the_given_authority_is_believed()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        Assert.Equal("one", (await cluster.Client().GetAsync(One, Cluster.Token)).GetProperty("metadata").GetProperty("name").GetString());
        Assert.Equal("HTTP/2", Assert.Single(cluster.Server.Requests).Protocol);
    }

    [Fact]
    public async Task A_certificate_for_another_host_is_refused()
    {
        await using var cluster = await Cluster.StartAsync("api.example.org");
        cluster.Put("one");
        var error = await Assert.ThrowsAsync<ApiException>(() => cluster.Client().GetAsync(One, Cluster.Token));
        Assert.Equal(ApiException.Unreachable, error.Reason);
        Assert.Contains("RemoteCertificateNameMismatch", error.Message, StringComparison.Ordinal);
        Assert.Empty(cluster.Server.Requests);
    }

    [Fact]
    public async Task A_certificate_of_a_foreign_authority_is_refused()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        using var foreign = new ThrowawayAuthority("foreign");
        cluster.Write("ca.crt", foreign.Pem);
        var error = await Assert.ThrowsAsync<ApiException>(() => cluster.Client().GetAsync(One, Cluster.Token));
        Assert.Equal(ApiException.Unreachable, error.Reason);
        Assert.Contains("certificate", error.Message, StringComparison.Ordinal);
        Assert.Empty(cluster.Server.Requests);
    }

    [Fact]
    public async Task Each_authority_of_a_bundle_is_believed()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        using var old = new ThrowawayAuthority("old");
        cluster.Write("ca.crt", old.Pem + "\n" + cluster.Server.AuthorityPem);
        await cluster.Client().GetAsync(One, Cluster.Token);

        await using var access = await KubeconfigAsync(cluster, "token: t", ca: old.Pem + "\n" + cluster.Server.AuthorityPem);
        await cluster.Client(access.Value).GetAsync(One, Cluster.Token);
    }

    [Fact]
    public async Task The_name_that_a_kubeconfig_gives_is_the_one_that_counts()
    {
        await using var cluster = await Cluster.StartAsync("api.example.org");
        cluster.Put("one");
        await using var right = await KubeconfigAsync(cluster, "token: t", clusterMore: "tls-server-name: api.example.org");
        await cluster.Client(right.Value).GetAsync(One, Cluster.Token);
        await using var wrong = await KubeconfigAsync(cluster, "token: t", clusterMore: "tls-server-name: other.example.org");
        var error = await Assert.ThrowsAsync<ApiException>(() => cluster.Client(wrong.Value).GetAsync(One, Cluster.Token));
        Assert.Contains("RemoteCertificateNameMismatch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_rotates_in_its_file_is_read_again()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        var client = cluster.Client();
        await client.GetAsync(One, Cluster.Token);
        cluster.Write("token", "second\n");
        await client.GetAsync(One, Cluster.Token);
        cluster.Time.Advance(BearerTokenFile.MaxAge);
        await client.GetAsync(One, Cluster.Token);
        Assert.Equal(["Bearer first", "Bearer first", "Bearer second"], cluster.Server.Requests.Select(r => r.Authorization), StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_refused_token_is_read_again_at_once_and_the_call_repeated()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        var client = cluster.Client();
        await client.GetAsync(One, Cluster.Token);
        cluster.Write("token", "second");
        cluster.Server.RequiredToken = "second";
        await client.GetAsync(One, Cluster.Token);
        Assert.Equal(["Bearer first", "Bearer first", "Bearer second"], cluster.Server.Requests.Select(r => r.Authorization), StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_token_that_stays_refused_is_an_error_after_one_more_attempt()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Server.RequiredToken = "other";
        var error = await Assert.ThrowsAsync<ApiException>(() => cluster.Client().GetAsync(One, Cluster.Token));
        Assert.Equal(401, error.StatusCode);
        Assert.Equal(2, cluster.Server.Requests.Count);
    }

    [Fact]
    public async Task A_kubeconfig_with_a_new_token_is_read_again_after_a_refusal()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        cluster.Server.RequiredToken = "t2";
        await using var access = await KubeconfigAsync(cluster, "token: t1");
        var client = cluster.Client(access.Value);
        Assert.Equal(401, (await Assert.ThrowsAsync<ApiException>(() => client.GetAsync(One, Cluster.Token))).StatusCode);
        File.WriteAllText(access.File, File.ReadAllText(access.File).Replace("t1", "t2", StringComparison.Ordinal));
        await client.GetAsync(One, Cluster.Token);
        Assert.Equal("Bearer t2", cluster.Server.Requests.Last().Authorization);
    }

    [Fact]
    public async Task A_kubeconfig_gives_passwords()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        await using var access = await KubeconfigAsync(cluster, "{username: u, password: p}");
        await cluster.Client(access.Value).GetAsync(One, Cluster.Token);
        Assert.Equal("Basic " + Convert.ToBase64String("u:p"u8), Assert.Single(cluster.Server.Requests).Authorization);
    }

    [Fact]
    public async Task A_kubeconfig_gives_the_token_of_its_credential_plugin()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        cluster.Write("plugin", """
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"of-plugin"}}'
            """);
        await using var access = await KubeconfigAsync(cluster, $"exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: [{cluster.File("plugin")}]}}");
        await cluster.Client(access.Value).GetAsync(One, Cluster.Token);
        Assert.Equal("Bearer of-plugin", Assert.Single(cluster.Server.Requests).Authorization);
    }

    [Fact]
    public async Task A_kubeconfig_gives_a_client_certificate()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=me", key, HashAlgorithmName.SHA256).CreateSelfSigned(TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow().AddHours(1));
        var user = $"{{client-certificate-data: {Base64(certificate.ExportCertificatePem())}, client-key-data: {Base64(key.ExportPkcs8PrivateKeyPem())}}}";
        await using var access = await KubeconfigAsync(cluster, user);
        await cluster.Client(access.Value).GetAsync(One, Cluster.Token);
        await cluster.Client().GetAsync(One, Cluster.Token);
        Assert.Equal(["CN=me", null], cluster.Server.Requests.Select(r => r.ClientCertificate), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("no context \"other\"", "current-context: other")]
    [InlineData("insecure-skip-tls-verify", "insecure-skip-tls-verify: true")]
    [InlineData("no https:// address", "server: http://api.example.org")]
    [InlineData("holds no certificate authority", "certificate-authority-data: bm9uZQ==")]
    [InlineData("the user of context \"here\" cannot be used", "user: {}")]
    [InlineData("cannot be read", "contexts: {")]
    public async Task What_is_wrong_with_a_kubeconfig_is_said(string said, string line)
    {
        await using var cluster = await Cluster.StartAsync();
        var text = Kubeconfig(cluster, "token: t");
        var member = line[..line.IndexOf(':', StringComparison.Ordinal)];
        var lines = text.Split('\n').Select(l => l.TrimStart('-', ' ').StartsWith(member + ":", StringComparison.Ordinal) && !l.Contains("cluster: here", StringComparison.Ordinal)
            ? l[..l.IndexOf(member, StringComparison.Ordinal)] + line
            : l).ToList();
        if (member == "insecure-skip-tls-verify")
            lines.Insert(lines.FindIndex(l => l.Contains("server:", StringComparison.Ordinal)), "    " + line);
        cluster.Write("config", string.Join('\n', lines));
        var error = await Assert.ThrowsAsync<ClusterAccessException>(() => KubeconfigAccess.OpenAsync(new FileInfo(cluster.File("config")), null, Cluster.Token));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Contains(said.Contains("https", StringComparison.Ordinal) ? "api.example.org" : cluster.File("config"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_and_a_process_outside_of_pods_are_said()
    {
        var error = await Assert.ThrowsAsync<ClusterAccessException>(() => KubeconfigAccess.OpenAsync(new FileInfo("/nowhere/config"), null, Cluster.Token));
        Assert.Contains("/nowhere/config", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ClusterAccessException>(() => InClusterAccess.Open(new Uri("https://127.0.0.1"), "/nowhere", TimeProvider.System));
        Assert.Contains("/nowhere/ca.crt", error.Message, StringComparison.Ordinal);
        Assert.SkipUnless(Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is null, "runs in a pod");
        Assert.Contains("runs in no pod", Assert.Throws<ClusterAccessException>(() => InClusterAccess.Open(TimeProvider.System)).Message, StringComparison.Ordinal);
    }

    private static string Kubeconfig(Cluster cluster, string user, string? clusterMore = null, string? ca = null) => $$"""
        apiVersion: v1
        kind: Config
        current-context: here
        clusters:
        - name: here
          cluster:
            {{clusterMore ?? "# nothing more"}}
            server: {{cluster.Server.Address}}
            certificate-authority-data: {{Base64(ca ?? cluster.Server.AuthorityPem)}}
        contexts:
        - name: here
          context: {cluster: here, user: me}
        users:
        - name: me
          user: {{(user.StartsWith('{') ? user : $"{{{user}}}")}}
        """;

    private static async Task<Opened> KubeconfigAsync(Cluster cluster, string user, string? clusterMore = null, string? ca = null)
    {
        var file = cluster.File($"config-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(file, Kubeconfig(cluster, user, clusterMore, ca), Cluster.Token);
        return new Opened(await KubeconfigAccess.OpenAsync(new FileInfo(file), null, Cluster.Token), file);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    private sealed record Opened(KubeconfigAccess Value, string File) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            System.IO.File.Delete(File);
            return ValueTask.CompletedTask;
        }
    }
}
