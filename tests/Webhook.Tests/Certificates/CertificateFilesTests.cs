using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Sluice.Webhook.Certificates;

namespace Sluice.Webhook.Tests.Certificates;

public sealed class CertificateFilesTests
{
    private static WebhookOptions WithFiles(WebhookOptions options, TemporaryDirectory directory) =>
        options with { Certificate = new WebhookOptions.CertificatePair(directory.File("tls/tls.crt"), directory.File("tls/tls.key")) };

    private static Task<RunningWebhook> StartAsync(TemporaryDirectory directory, FakeTimeProvider? time = null, bool awaitReady = true) =>
        RunningWebhook.StartAsync(options: options => WithFiles(options, directory), time: time, directory: directory, awaitReady: awaitReady);

    /// <summary>Writes a pair, and gives the certificate's fingerprint.</summary>
    private static string WritePair(TemporaryDirectory directory, string folder, TimeProvider? time = null)
    {
        using var certificate = SelfSignedCertificate.Create(time ?? TimeProvider.System);
        directory.Write($"{folder}/tls.crt", certificate.ExportCertificatePem());
        using var key = certificate.GetECDsaPrivateKey()!;
        directory.Write($"{folder}/tls.key", key.ExportPkcs8PrivateKeyPem());
        return certificate.Thumbprint;
    }

    /// <summary>The fingerprint that a new handshake shows.</summary>
    private static async Task<string> HandshakeAsync(Uri address, SslProtocols protocol = SslProtocols.None)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = protocol,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
            },
            TestContext.Current.CancellationToken);
        return ((X509Certificate2)tls.RemoteCertificate!).Thumbprint;
    }

    private static string? Error(JsonElement page) =>
        page.GetProperty("certificate").TryGetProperty("error", out var error) ? error.GetString() : null;

    [Fact]
    public async Task New_handshakes_get_the_new_certificate_and_old_connections_go_on()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var directory = new TemporaryDirectory();
        var first = WritePair(directory, "tls/..1");
        var second = WritePair(directory, "tls/..2");
        // As the kubelet mounts a Secret.
        File.CreateSymbolicLink(directory.File("tls/..data"), "..1");
        File.CreateSymbolicLink(directory.File("tls/tls.crt"), "..data/tls.crt");
        File.CreateSymbolicLink(directory.File("tls/tls.key"), "..data/tls.key");
        await using var webhook = await StartAsync(directory, time);
        Assert.Equal(first, await HandshakeAsync(webhook.Host.Address));
        await webhook.ReviewAsync(Reviews.Create());

        directory.Swap("tls/..data", "..2");
        await UntilAsync(time, async () => await HandshakeAsync(webhook.Host.Address) == second);
        await webhook.ReviewAsync(Reviews.Create());
    }

    [Fact]
    public async Task A_broken_pair_keeps_the_last_good_one_and_is_reported()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var directory = new TemporaryDirectory();
        var first = WritePair(directory, "tls");
        await using var webhook = await StartAsync(directory, time);

        WritePair(directory, "other");
        File.Copy(directory.File("other/tls.key"), directory.File("tls/tls.key"), overwrite: true);
        await UntilAsync(time, async () => Error(await webhook.ReadyzAsync()) is not null);
        Assert.Equal(first, await HandshakeAsync(webhook.Host.Address));
        Assert.True((await webhook.ReadyzAsync()).GetProperty("ready").GetBoolean());
        Assert.Contains("sluice_webhook_certificate_last_reload_success{} 0", await webhook.MetricsAsync(), StringComparison.Ordinal);
        Assert.Single(webhook.Log, line => line.Contains("CertificateBroken", StringComparison.Ordinal));

        var third = WritePair(directory, "tls");
        await UntilAsync(time, async () => Error(await webhook.ReadyzAsync()) is null);
        Assert.Equal(third, await HandshakeAsync(webhook.Host.Address));
    }

    [Fact]
    public async Task The_old_files_put_back_end_the_error()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var directory = new TemporaryDirectory();
        WritePair(directory, "tls");
        var key = await File.ReadAllTextAsync(directory.File("tls/tls.key"), TestContext.Current.CancellationToken);
        await using var webhook = await StartAsync(directory, time);
        File.Delete(directory.File("tls/tls.key"));
        await UntilAsync(time, async () => Error(await webhook.ReadyzAsync()) is not null);
        directory.Write("tls/tls.key", key);
        await UntilAsync(time, async () => Error(await webhook.ReadyzAsync()) is null);
    }

    [Fact]
    public async Task Without_a_certificate_it_is_not_ready_and_says_why_in_plain_HTTP()
    {
        var directory = new TemporaryDirectory();
        await using var webhook = await StartAsync(directory, awaitReady: false);
        var page = await webhook.UntilReadyzAsync(page => page.GetProperty("reasons").GetArrayLength() == 1);
        Assert.Equal("the serving certificate could not be loaded", page.GetProperty("reasons")[0].GetString());
        Assert.Contains("tls.crt", Error(page), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(webhook.Host.Address));
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_broken()
    {
        var directory = new TemporaryDirectory();
        WritePair(directory, "tls", new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddYears(-2)));
        await using var webhook = await StartAsync(directory, awaitReady: false);
        Assert.Contains("ended at", Error(await webhook.ReadyzAsync()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task TLS_1_2_and_1_3_are_served(SslProtocols protocol)
    {
        await using var webhook = await RunningWebhook.StartAsync();
        Assert.NotEmpty(await HandshakeAsync(webhook.Host.Address, protocol));
    }

    [Fact]
    public async Task TLS_1_1_is_not_served()
    {
        await using var webhook = await RunningWebhook.StartAsync();
#pragma warning disable SYSLIB0039, CA5397 // That is the point.
        await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(webhook.Host.Address, SslProtocols.Tls11));
#pragma warning restore SYSLIB0039, CA5397
    }

    [Fact]
    public void A_self_signed_certificate_is_P256_for_localhost()
    {
        using var certificate = SelfSignedCertificate.Create(TimeProvider.System);
        using var key = certificate.GetECDsaPrivateKey();
        Assert.Equal(256, key!.KeySize);
        Assert.True(certificate.MatchesHostname("localhost"));
        Assert.True(certificate.MatchesHostname("127.0.0.1"));
        Assert.True(certificate.MatchesHostname("::1"));
        Assert.False(certificate.MatchesHostname("example.org"));
    }

    /// <summary>Lets polls pass until the condition holds.</summary>
    private static async Task UntilAsync(FakeTimeProvider time, Func<Task<bool>> condition)
    {
        for (var i = 0; !await condition(); i++)
        {
            Assert.True(i < 200, "The condition never came.");
            time.Advance(CertificateFiles.Poll);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
