using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Testing.Certificates;

namespace Sluice.Testing.Cluster;

/// <summary>
/// An API server over HTTPS that keeps objects of any kind in memory and serves them as a real one does: lists in pages, watches with
/// resume and bookmarks, writes with resourceVersions. <see cref="Next"/> scripts the answer to a coming request in its place; the
/// methods about watches break those that are open.
/// </summary>
public sealed class ApiServerDouble : IAsyncDisposable
{
    private readonly ThrowawayAuthority _authority = new("cluster");
    private readonly ConcurrentQueue<RecordedRequest> _requests = [];
    private readonly List<(Func<HttpRequest, bool> When, Func<HttpContext, Task> Answer)> _script = []; // guarded by itself
    private readonly List<(Func<RecordedRequest, bool> When, Func<RecordedRequest, (int Status, string Body)> Answer)> _always = []; // guarded by itself
    private readonly string[] _hosts;
    private WebApplication? _app;
    private int _port; // 0 until the first start; kept over restarts

    private ApiServerDouble(string[] hosts)
    {
        _hosts = hosts;
        Watches = new OpenWatches(Store);
    }

    public ObjectStore Store { get; } = new();
    public OpenWatches Watches { get; }
    public Uri Address => new($"https://127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}/");

    /// <summary>What clients must trust.</summary>
    public string AuthorityPem => _authority.Pem;

    /// <summary>A kubeconfig that leads here, with the token <c>token</c>.</summary>
    public string Kubeconfig => $$"""
        apiVersion: v1
        kind: Config
        current-context: double
        clusters:
        - name: double
          cluster:
            server: {{Address}}
            certificate-authority-data: {{Convert.ToBase64String(Encoding.ASCII.GetBytes(AuthorityPem))}}
        contexts:
        - name: double
          context: {cluster: double, user: me}
        users:
        - name: me
          user: {token: token}
        """;

    /// <summary>When set, requests with another bearer token are 401.</summary>
    public string? RequiredToken { get; set; }

    /// <summary>Everything that was asked, in order.</summary>
    public IReadOnlyCollection<RecordedRequest> Requests => _requests;

    /// <summary>Starts on a free port of loopback with a certificate for <paramref name="hosts"/>; for 127.0.0.1 when none is given.</summary>
    public static async Task<ApiServerDouble> StartAsync(params string[] hosts)
    {
        var server = new ApiServerDouble(hosts is [] ? ["127.0.0.1"] : hosts);
        await server.StartAsync();
        return server;
    }

    /// <summary>Listens again where it listened before; the objects are still there.</summary>
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        var (certificate, key) = _authority.Issue(_hosts);
        using var pem = X509Certificate2.CreateFromPem(certificate, key);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null), https =>
            {
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            });
        }));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
        _port = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
    }

    /// <summary>Cuts every connection and refuses new ones, as an API server that is restarted.</summary>
    public async Task StopAsync()
    {
        if (_app is null)
            return;
        Watches.Cut();
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>The next request that fits gets this answer, once.</summary>
    public void Next(Func<HttpRequest, bool> when, Func<HttpContext, Task> answer)
    {
        lock (_script)
            _script.Add((when, answer));
    }

    /// <summary>The same for an answer that is a status and a body.</summary>
    public void Next(Func<HttpRequest, bool> when, int status, string body, params (string Name, string Value)[] headers) => Next(when, async context =>
    {
        foreach (var (name, value) in headers)
            context.Response.Headers[name] = value;
        await WriteAsync(context, status, body);
    });

    /// <summary>Every request that fits gets this answer; of several that fit, that of the last one given. For what is no store: reviews, dry runs, refusals.</summary>
    public void Always(Func<RecordedRequest, bool> when, Func<RecordedRequest, (int Status, string Body)> answer)
    {
        lock (_always)
            _always.Insert(0, (when, answer));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _authority.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = await RecordedRequest.ReadAsync(context.Request);
        _requests.Enqueue(request);
        if (Scripted(context.Request) is { } answer)
        {
            await answer(context);
            return;
        }
        if (RequiredToken is { } token && request.Authorization != $"Bearer {token}")
        {
            await WriteAsync(context, 401, ApiStatus.Json(401, "Unauthorized", "Unauthorized"));
            return;
        }
        if (Standing(request) is { } standing)
        {
            await WriteAsync(context, standing.Status, standing.Body);
            return;
        }
        if (RequestPath.Parse(request.Path) is not { } path)
        {
            await WriteAsync(context, 404, ApiStatus.Json(404, "NotFound", "the server could not find the requested resource"));
            return;
        }
        if (request.Query.GetValueOrDefault("watch") == "true")
        {
            await Watches.ServeAsync(context, path, request);
            return;
        }
        var (status, body) = Store.Answer(path, request);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach (var part in body)
            await context.Response.Body.WriteAsync(part, context.RequestAborted);
    }

    private Func<HttpContext, Task>? Scripted(HttpRequest request)
    {
        lock (_script)
        {
            var index = _script.FindIndex(step => step.When(request));
            if (index < 0)
                return null;
            var answer = _script[index].Answer;
            _script.RemoveAt(index);
            return answer;
        }
    }

    private (int Status, string Body)? Standing(RecordedRequest request)
    {
        lock (_always)
            return _always.Find(step => step.When(request)).Answer?.Invoke(request);
    }

    private static Task WriteAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body, context.RequestAborted);
    }
}
