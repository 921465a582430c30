using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serilog;
using Sluice.Webhook;

namespace Sluice.Cli.Tests;

/// <summary>HTTPS on a free port of the loopback: the webhook itself, or something that only looks like one.</summary>
internal sealed class LoopbackServer(string address, IAsyncDisposable server) : IAsyncDisposable
{
    /// <summary><c>https://127.0.0.1:PORT</c></summary>
    public string Address { get; } = address;

    /// <summary>The webhook with <paramref name="catalog"/>, ready.</summary>
    public static async Task<LoopbackServer> WebhookAsync(string catalog, string certificateFile, string keyFile)
    {
        var loopback = new WebhookOptions.Endpoint(IPAddress.Loopback, 0);
        var host = WebhookHost.Create(
            new WebhookOptions
            {
                Listen = loopback,
                MetricsListen = loopback,
                CatalogDirectory = catalog,
                Certificate = new WebhookOptions.CertificatePair(certificateFile, keyFile),
            },
            new LoggerConfiguration().CreateLogger());
        await host.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        for (var i = 0; ; i++)
        {
            using var page = await client.GetAsync(new Uri(host.MetricsAddress, "/readyz"), TestContext.Current.CancellationToken);
            if (page.IsSuccessStatusCode)
                break;
            Assert.True(i < 200, await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        return new LoopbackServer(host.Address.ToString().TrimEnd('/'), host);
    }

    /// <summary>A server that answers every request with <paramref name="status"/> and what <paramref name="answer"/> makes of its body.</summary>
    public static async Task<LoopbackServer> AnsweringAsync(string certificateFile, string keyFile, int status, Func<string, string> answer)
    {
        var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(answer(await body.ReadToEndAsync(context.RequestAborted)), context.RequestAborted);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new LoopbackServer(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single(), app);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
