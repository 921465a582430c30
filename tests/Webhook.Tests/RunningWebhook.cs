using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Sluice.Kube;

namespace Sluice.Webhook.Tests;

/// <summary>A webhook on loopback ports of its own, with a catalog directory of its own and its log in memory.</summary>
internal sealed class RunningWebhook : IAsyncDisposable
{
    private readonly LogLines _log;

    private RunningWebhook(WebhookHost host, TemporaryDirectory directory, LogLines log, HttpClient client) =>
        (Host, Directory, _log, Client) = (host, directory, log, client);

    public WebhookHost Host { get; }
    public TemporaryDirectory Directory { get; }

    /// <summary>Speaks HTTP/2 over TLS and believes any certificate.</summary>
    public HttpClient Client { get; }

    public IReadOnlyCollection<string> Log => _log.Lines;

    public static async Task<RunningWebhook> StartAsync(
        DecidePod? decide = null, Func<WebhookOptions, WebhookOptions>? options = null, FakeTimeProvider? time = null, TemporaryDirectory? directory = null, bool awaitReady = true,
        ClusterAccess? cluster = null)
    {
        directory ??= new TemporaryDirectory();
        System.IO.Directory.CreateDirectory(directory.File("catalog"));
        var loopback = new WebhookOptions.Endpoint(IPAddress.Loopback, 0);
        var standard = new WebhookOptions { Listen = loopback, MetricsListen = loopback, CatalogDirectory = directory.File("catalog"), LogLevel = LogEventLevel.Debug };
        var log = new LogLines();
        var host = WebhookHost.Create(
            options?.Invoke(standard) ?? standard,
            new LoggerConfiguration().MinimumLevel.Debug().MinimumLevel.Override("Microsoft", LogEventLevel.Warning).WriteTo.Sink(log).CreateLogger(),
            cluster,
            decide,
            time);
        await host.StartAsync(TestContext.Current.CancellationToken);
        var running = new RunningWebhook(host, directory, log, NewClient(host.Address));
        if (awaitReady)
            await running.UntilReadyzAsync(page => page.GetProperty("ready").GetBoolean());
        return running;
    }

    public static HttpClient NewClient(Uri address, Version? version = null) => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
        EnableMultipleHttp2Connections = false,
    })
    {
        BaseAddress = address,
        DefaultRequestVersion = version ?? HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>Sends a body to a path and gives status and body.</summary>
    public async Task<(int Status, string Body)> PostAsync(byte[] body, string? contentType = "application/json", string path = "/mutate")
    {
        using var content = new ByteArrayContent(body);
        if (contentType is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public Task<(int Status, string Body)> PostAsync(string body) => PostAsync(Encoding.UTF8.GetBytes(body));

    /// <summary>Sends a body that must be answered by a review, and gives its response.</summary>
    public async Task<JsonElement> ReviewAsync(string body)
    {
        var (status, answer) = await PostAsync(body);
        Assert.Equal(200, status);
        return JsonDocument.Parse(answer).RootElement.GetProperty("response");
    }

    public async Task<JsonElement> ReadyzAsync()
    {
        using var client = new HttpClient { BaseAddress = Host.MetricsAddress };
        using var response = await client.GetAsync(new Uri("/readyz", UriKind.Relative), TestContext.Current.CancellationToken);
        var page = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(page.GetProperty("ready").GetBoolean() ? 200 : 503, (int)response.StatusCode);
        return page;
    }

    /// <summary>Waits until the page says so; fails after ten seconds with the page.</summary>
    public async Task<JsonElement> UntilReadyzAsync(Func<JsonElement, bool> condition)
    {
        for (var i = 0; ; i++)
        {
            var page = await ReadyzAsync();
            if (condition(page))
                return page;
            Assert.True(i < 200, page.ToString());
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    public async Task<string> MetricsAsync()
    {
        using var client = new HttpClient { BaseAddress = Host.MetricsAddress };
        return await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Host.DisposeAsync();
        Directory.Dispose();
    }

    private sealed class LogLines : ILogEventSink
    {
        private readonly CompactJsonFormatter _formatter = new();

        public ConcurrentQueue<string> Lines { get; } = [];

        public void Emit(LogEvent logEvent)
        {
            var line = new StringWriter();
            _formatter.Format(logEvent, line);
            Lines.Enqueue(line.ToString());
        }
    }
}
