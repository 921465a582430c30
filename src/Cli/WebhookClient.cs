using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Sluice.Cli;

/// <summary>Speaks admission.k8s.io/v1 with a webhook as an API server does.</summary>
internal sealed class WebhookClient : IDisposable
{
    // An API server's own default (timeoutSeconds of a webhook configuration), and the query parameter that it sends.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private const string TimeoutQuery = "timeout=10s";

    private readonly HttpClient _http;
    private readonly Uri _uri;

    private WebhookClient(HttpClient http, Uri uri)
    {
        _http = http;
        _uri = uri;
    }

    /// <summary>The first request connects.</summary>
    /// <exception cref="UnusableInputException">The URL or the CA file is of no use.</exception>
    public static WebhookClient Connect(WebhookAddress address)
    {
        var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = address.CaFile is null ? null : TrustOnly(address.CaFile) } };
        if (address.Fingerprint is { } fingerprint)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate is not null && certificate.GetCertHashString(HashAlgorithmName.SHA256).Equals(fingerprint.Replace(":", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        }
        else if (address.Insecure)
        {
#pragma warning disable CA5359, MA0039 // what --insecure asks for; what is sent are the user's own files
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359, MA0039
        }
        var http = new HttpClient(handler, disposeHandler: true)
        {
            Timeout = Timeout,
            DefaultRequestVersion = HttpVersion.Version20, // an API server speaks HTTP/2 where the webhook does
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        return new WebhookClient(http, ToUri(address.Url));
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Asks about one pod.</summary>
    /// <exception cref="UnusableInputException">The webhook cannot be reached, or its answer is none.</exception>
    public async Task<WebhookAnswer> AdmitAsync(PodTarget target, CancellationToken token)
    {
        var uid = Guid.NewGuid().ToString();
        using var content = new ReadOnlyMemoryContent(AdmissionRequest.Of(target, uid));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var response = await _http.PostAsync(_uri, content, token);
            var body = await response.Content.ReadAsByteArrayAsync(token);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new UnusableInputException($"{_uri} answered {(int)response.StatusCode} {response.ReasonPhrase}: {FirstLine(body)}");
            return WebhookAnswer.Read(body, uid, target, Stopwatch.GetElapsedTime(started));
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException)
        {
            throw new UnusableInputException($"{_uri}: its certificate is not trusted: name its authority with --ca, or itself with --fingerprint ({e.InnerException.Message})");
        }
        catch (HttpRequestException e)
        {
            throw new UnusableInputException($"{_uri} cannot be reached: {e.Message}");
        }
        catch (TaskCanceledException) when (!token.IsCancellationRequested)
        {
            throw new UnusableInputException($"{_uri} did not answer within {Timeout.TotalSeconds} seconds");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new UnusableInputException($"{_uri}: the answer is no AdmissionReview: {e.Message}");
        }
    }

    private static Uri ToUri(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
            throw new UnusableInputException($"--webhook: \"{url}\" is no address such as https://localhost:8443");
        return new UriBuilder(uri)
        {
            Path = uri.AbsolutePath == "/" ? "/mutate" : uri.AbsolutePath,
            Query = TimeoutQuery,
        }.Uri;
    }

    private static X509ChainPolicy TrustOnly(string caFile)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(caFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UnusableInputException($"--ca: {caFile}: {e.Message}");
        }
        return policy.CustomTrustStore.Count > 0 ? policy : throw new UnusableInputException($"--ca: {caFile}: no PEM certificate in it");
    }

    private static string FirstLine(byte[] body) => System.Text.Encoding.UTF8.GetString(body).Split('\n')[0].Trim() is { Length: > 0 } line ? line : "(no text)";
}

/// <summary>Which webhook to ask, and whether to believe that it is the one.</summary>
/// <param name="Url">As the user wrote it.</param>
/// <param name="CaFile">PEM certificates, the only ones trusted; null: the system's.</param>
/// <param name="Fingerprint">SHA-256 of the only certificate trusted, in hex, with or without colons.</param>
/// <param name="Insecure">Any certificate will do.</param>
internal sealed record WebhookAddress(string Url, string? CaFile, string? Fingerprint, bool Insecure);
