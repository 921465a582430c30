using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Webhook.Certificates;

/// <summary>
/// Keeps <see cref="ServingCertificate"/> as two PEM files say. They are read and compared every few seconds: that works for
/// any way of replacing them, the swapped symlinks of a mounted Secret included, and costs two small reads.
/// </summary>
internal sealed class CertificateFiles(
    WebhookOptions.CertificatePair? files, ServingCertificate serving, TimeProvider time, ILogger<CertificateFiles> logger)
    : BackgroundService
{
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    private (string Certificate, string Key) _loaded; // what the last attempt read; only one caller at a time
    private string? _reported; // the last error that was logged

    /// <summary>Loads before the listener opens, so that the first handshake finds a certificate.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (files is not null)
        {
            Load(files);
            return base.StartAsync(cancellationToken);
        }
        Serve(SelfSignedCertificate.Create(time), [], "self-signed");
        return Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Poll, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Load(files!);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    private void Load(WebhookOptions.CertificatePair pair)
    {
        try
        {
            var read = (File.ReadAllText(pair.CertificateFile), File.ReadAllText(pair.KeyFile));
            if (read == _loaded && serving.Error is null)
                return;
            _loaded = read;
            LoadPem(pair, read.Item1, read.Item2);
            _reported = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            // Open: the last good pair is served on, and /readyz and a metric say that it is an old one.
            var error = $"{pair.CertificateFile}, {pair.KeyFile}: {e.Message}";
            serving.Fail(error);
            if (error != _reported)
                Log.CertificateBroken(logger, error);
            _reported = error;
        }
    }

    private void LoadPem(WebhookOptions.CertificatePair pair, string certificatePem, string keyPem)
    {
        var certificate = X509Certificate2.CreateFromPem(certificatePem, keyPem);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificatePem);
        if (certificate.NotAfter.ToUniversalTime() <= time.GetUtcNow().UtcDateTime)
            throw new CryptographicException($"the certificate ended at {certificate.NotAfter.ToUniversalTime():O}");
        chain.RemoveAt(0); // the certificate itself
        Serve(certificate, chain, pair.CertificateFile);
    }

    private void Serve(X509Certificate2 certificate, X509Certificate2Collection intermediates, string source)
    {
        serving.Load(certificate, intermediates);
        Log.CertificateLoaded(logger, source, certificate.GetCertHashString(HashAlgorithmName.SHA256), new DateTimeOffset(certificate.NotAfter));
    }
}
