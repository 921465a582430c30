using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Sluice.Testing.Certificates;

namespace Sluice.Cli.Tests;

/// <summary>The command against the webhook itself, over TLS; and against servers that are none.</summary>
public sealed class AdmitCommandTests(Samples samples, AdmitCommandTests.Authorities authorities) : IClassFixture<Samples>, IClassFixture<AdmitCommandTests.Authorities>
{
    private static readonly string Denied = Samples.Pod.Replace("dataset: imagenet", "dataset: missing", StringComparison.Ordinal);

    private string TrustedFile => samples.Write("ca.crt", authorities.Trusted.Pem);

    [Fact]
    public async Task A_webhook_whose_authority_is_named_injects_as_the_command_line_does()
    {
        await using var webhook = await WebhookAsync();
        var run = await AdmitAsync(Samples.Pod, webhook.Address, "--ca", TrustedFile);
        var offline = await CommandRun.WithInputAsync(Samples.Pod, "inject", "-f", "-", "--catalog", samples.CatalogPath);
        Assert.Equal((0, offline.Out), (run.Code, run.Out));
        Assert.Matches("^pod vision/train: allowed, [0-9]+ changes, answered in [0-9]+ ms\n  audit decision: patch/Injected\n  audit dataset: vision/imagenet\n$", run.Error);
    }

    [Fact]
    public async Task A_denial_ends_with_2_and_prints_no_manifest()
    {
        await using var webhook = await WebhookAsync();
        var run = await AdmitAsync($"{Samples.Pod}\n---\n{Denied}", webhook.Address, "--ca", TrustedFile);
        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains("pod vision/train: denied (404), answered in ", run.Error, StringComparison.Ordinal);
        Assert.Matches("\nError: pod vision/train: .*vision/missing.*\n$", run.Error);
    }

    [Fact]
    public async Task Any_certificate_is_taken_where_that_is_asked()
    {
        await using var webhook = await WebhookAsync();
        Assert.Equal(0, (await AdmitAsync(Samples.Pod, webhook.Address, "--insecure")).Code);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused_with_the_remedy()
    {
        await using var webhook = await WebhookAsync();
        var other = samples.Write("other.crt", authorities.Other.Pem);
        foreach (var run in (CommandRun[])[await AdmitAsync(Samples.Pod, webhook.Address, "--ca", other), await AdmitAsync(Samples.Pod, webhook.Address)])
        {
            Assert.Equal((1, ""), (run.Code, run.Out));
            Assert.StartsWith($"Error: {webhook.Address}/mutate?timeout=10s: its certificate is not trusted: name its authority with --ca, or itself with --fingerprint (", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_certificate_for_another_host_is_refused_though_its_authority_is_trusted()
    {
        await using var webhook = await WebhookAsync("elsewhere.example.org");
        var run = await AdmitAsync(Samples.Pod, webhook.Address, "--ca", TrustedFile);
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.Contains("its certificate is not trusted", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_certificate_with_the_fingerprint_is_trusted_and_no_other()
    {
        await using var webhook = await WebhookAsync();
        var fingerprint = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(samples.CatalogPath, "..", "tls.crt"), TestContext.Current.CancellationToken)).GetCertHashString(HashAlgorithmName.SHA256);
        Assert.Equal(0, (await AdmitAsync(Samples.Pod, webhook.Address, "--fingerprint", fingerprint)).Code);
        Assert.Equal(0, (await AdmitAsync(Samples.Pod, webhook.Address, "--fingerprint", string.Join(':', fingerprint.ToLowerInvariant().Chunk(2).Select(pair => new string(pair))))).Code);
        Assert.Equal(1, (await AdmitAsync(Samples.Pod, webhook.Address, "--fingerprint", new string('0', 64))).Code);
    }

    [Fact]
    public async Task Nobody_who_listens_is_told_in_one_sentence()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        var run = await AdmitAsync(Samples.Pod, $"https://127.0.0.1:{port}", "--insecure");
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.Matches($"^Error: https://127\\.0\\.0\\.1:{port}/mutate\\?timeout=10s cannot be reached: [^\n]+\n$", run.Error);
    }

    [Theory]
    [InlineData(200, "<html>hello</html>", ": the answer is no AdmissionReview: ")]
    [InlineData(200, "", ": the answer is no AdmissionReview: ")]
    [InlineData(200, "{}", ": the answer is no AdmissionReview: ")]
    [InlineData(200, "[]", ": the answer is no AdmissionReview: ")]
    [InlineData(200, "{\"response\":{\"uid\":\"$UID\"}}", ": the answer is no AdmissionReview: ")]
    [InlineData(200, "{\"response\":{\"uid\":\"$UID\",\"allowed\":true,\"patchType\":\"JSONPatch\",\"patch\":\"%\"}}", ": the answer is no AdmissionReview: ")]
    [InlineData(502, "upstream is gone\nmore", " answered 502 Bad Gateway: upstream is gone")]
    [InlineData(404, "", " answered 404 Not Found: (no text)")]
    public async Task An_answer_that_is_no_review_is_told_in_one_sentence(int status, string answer, string message)
    {
        var (certificate, key) = Serving("127.0.0.1");
        await using var server = await LoopbackServer.AnsweringAsync(certificate, key, status, request => answer.Replace("$UID", UidOf(request), StringComparison.Ordinal));
        var run = await AdmitAsync(Samples.Pod, server.Address, "--ca", TrustedFile);
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.StartsWith($"Error: {server.Address}/mutate?timeout=10s{message}", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("{\"response\":{\"uid\":\"other\",\"allowed\":true}}", "the answer is to another request: its uid is \"other\"")]
    [InlineData("{\"response\":{\"uid\":\"$UID\",\"allowed\":true,\"patchType\":\"Merge\",\"patch\":\"W10=\"}}", "the answer's patchType is \"Merge\", not \"JSONPatch\"")]
    [InlineData("{\"response\":{\"uid\":\"$UID\",\"allowed\":true,\"patchType\":\"JSONPatch\",\"patch\":\"W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL25vIn1d\"}}", "pod vision/train: the patch does not fit: ")]
    public async Task An_answer_that_an_API_server_would_refuse_is_refused(string answer, string message)
    {
        var (certificate, key) = Serving("127.0.0.1");
        await using var server = await LoopbackServer.AnsweringAsync(certificate, key, 200, request => answer.Replace("$UID", UidOf(request), StringComparison.Ordinal));
        var run = await AdmitAsync(Samples.Pod, server.Address, "--ca", TrustedFile);
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.Contains($"Error: {message}", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Error: --webhook: \"localhost:8443\" is no address such as https://localhost:8443\n", "--webhook", "localhost:8443")]
    [InlineData("Error: --webhook: \"http://localhost:8443\" is no address such as https://localhost:8443\n", "--webhook", "http://localhost:8443")]
    [InlineData("Error: --ca: /nowhere.crt: ", "--webhook", "https://localhost:8443", "--ca", "/nowhere.crt")]
    [InlineData("Error: --ca, --fingerprint and --insecure contradict each other: give one of them.\n", "--webhook", "https://localhost:8443", "--ca", "x", "--insecure")]
    [InlineData("Error: Option '--webhook' is required.\n")]
    public async Task Wrong_usage_sends_nothing(string message, params string[] options)
    {
        var run = await CommandRun.WithInputAsync(Samples.Pod, ["admit", "-f", "-", .. options]);
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.StartsWith(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_without_a_certificate_is_no_authority()
    {
        var file = samples.Write("empty.crt", "nothing\n");
        var run = await AdmitAsync(Samples.Pod, "https://localhost:1", "--ca", file);
        Assert.Equal((1, $"Error: --ca: {file}: no PEM certificate in it\n"), (run.Code, run.Error));
    }

    private Task<LoopbackServer> WebhookAsync(string host = "127.0.0.1")
    {
        var (certificate, key) = Serving(host);
        return LoopbackServer.WebhookAsync(samples.CatalogPath, certificate, key);
    }

    /// <summary>The files of a certificate that the trusted authority signs for <paramref name="host"/>.</summary>
    private (string Certificate, string Key) Serving(string host)
    {
        var (certificate, key) = authorities.Trusted.Issue(host);
        return (samples.Write("tls.crt", certificate), samples.Write("tls.key", key));
    }

    private static Task<CommandRun> AdmitAsync(string input, string address, params string[] options) =>
        CommandRun.WithInputAsync(input, ["admit", "-f", "-", "--webhook", address, .. options]);

    private static string UidOf(string review)
    {
        using var document = JsonDocument.Parse(review);
        return document.RootElement.GetProperty("request").GetProperty("uid").GetString()!;
    }

    /// <summary>Two authorities for all cases: the one that signs, and one that did not.</summary>
    public sealed class Authorities : IDisposable
    {
        public ThrowawayAuthority Trusted { get; } = new("trusted");
        public ThrowawayAuthority Other { get; } = new("other");

        public void Dispose()
        {
            Trusted.Dispose();
            Other.Dispose();
        }
    }
}
