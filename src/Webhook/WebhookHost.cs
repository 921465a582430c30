using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using OpenTelemetry.Metrics;
using Serilog;
using Sluice.Injection;
using Sluice.Kube;
using Sluice.Webhook.Certificates;
using Sluice.Webhook.Validation;

namespace Sluice.Webhook;

/// <summary>
/// The whole webhook, ready to start: in the program, and in tests on ports of their own. Dispose stops it.
/// </summary>
internal sealed class WebhookHost : IAsyncDisposable
{
    private static readonly TimeSpan FinishTimeout = TimeSpan.FromSeconds(30); // the longest timeout that a webhook configuration can have

    private readonly WebApplication _app;

    private WebhookHost(WebApplication app) => _app = app;

    /// <summary>Where HTTPS listens, with the port that port 0 became. Only after the start.</summary>
    public Uri Address => AddressAt(0);

    /// <summary>Where <c>/metrics</c> listens, likewise.</summary>
    public Uri MetricsAddress => AddressAt(1);

    public IServiceProvider Services => _app.Services;

    /// <summary>Puts the parts together; nothing runs before <see cref="StartAsync"/>.</summary>
    /// <param name="options">Validated options.</param>
    /// <param name="logger">Where the log goes; disposed with the host.</param>
    /// <param name="cluster">Where the catalog is; null when the options name a directory.</param>
    /// <param name="decide">The decision; the injection's own when null.</param>
    /// <param name="time">The clock; the system's when null.</param>
    public static WebhookHost Create(WebhookOptions options, Serilog.ILogger logger, ClusterAccess? cluster = null, DecidePod? decide = null, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "sluice-webhook" });
        // Neither appsettings.json nor the environment: the options are all there is.
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Services.AddSerilog(logger, dispose: true);
        AddCatalog(builder.Services, options, cluster);
        AddCertificates(builder.Services, options);
        AddParts(builder.Services, options, decide ?? ((request, catalog, patch) => PodInjector.Decide(request, catalog, patch)), time ?? TimeProvider.System);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel((_, kestrel) => Listen(kestrel, options));

        var app = builder.Build();
        app.MapWhen(MetricsListener.Took, MapMetrics);
        MapAdmission(app);
        return new WebhookHost(app);
    }

    public async Task StartAsync(CancellationToken token = default)
    {
        await _app.StartAsync(token);
        Log.Listening(_app.Logger, Address.ToString(), MetricsAddress.ToString(), BuildInfo.Version);
    }

    /// <summary>Returns when a signal, or <paramref name="token"/>, has stopped the host and everything in flight is finished.</summary>
    public Task WaitForShutdownAsync(CancellationToken token = default) => _app.WaitForShutdownAsync(token);

    public async ValueTask DisposeAsync()
    {
        if (!_app.Lifetime.ApplicationStopped.IsCancellationRequested)
            await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>The catalog, and whoever keeps it as its source says.</summary>
    private static void AddCatalog(IServiceCollection services, WebhookOptions options, ClusterAccess? cluster)
    {
        services.AddSingleton<CatalogState>();
        if (cluster is null)
        {
            services.AddSingleton(new CatalogDirectory(options.CatalogDirectory!));
            services.AddHostedService<CatalogFiles>();
            return;
        }
        services.AddSingleton(cluster);
        services.AddSingleton<CatalogLookup>();
        services.AddSingleton<CatalogWatcher>();
        services.AddHostedService(provider => provider.GetRequiredService<CatalogWatcher>());
        services.AddHostedService<PolicyStatuses>();
    }

    /// <summary>The serving certificate, and whoever sees to it that there is one.</summary>
    private static void AddCertificates(IServiceCollection services, WebhookOptions options)
    {
        services.AddSingleton<ServingCertificate>();
        if (options.Service is null)
        {
            services.AddHostedService(provider => new CertificateFiles(
                options.Certificate, provider.GetRequiredService<ServingCertificate>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<CertificateFiles>>()));
            return;
        }
        services.AddSingleton(options.Service);
        services.AddSingleton<ManagedCertificates>();
        services.AddHostedService(provider => provider.GetRequiredService<ManagedCertificates>());
    }

    private static void AddParts(IServiceCollection services, WebhookOptions options, DecidePod decide, TimeProvider time)
    {
        services.Configure<HostOptions>(host => host.ShutdownTimeout = FinishTimeout + options.ShutdownDelay);
        services.AddSingleton(options);
        services.AddSingleton(time);
        services.AddSingleton(decide);
        services.AddSingleton<Telemetry>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<AdmissionEndpoint>();
        services.AddSingleton<ResourceEndpoint>();
        services.AddHostedService<Drain>();
        services.AddHostedService<Rehearsal>();
        services.AddMetrics();
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(Telemetry.MeterName)
            .AddPrometheusExporter(prometheus =>
            {
                prometheus.ScopeInfoEnabled = false;
                prometheus.TargetInfoEnabled = false;
                prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
            }));
    }

    private static void Listen(KestrelServerOptions kestrel, WebhookOptions options)
    {
        kestrel.AddServerHeader = false;
        // The endpoint counts for itself, so that its answer says what the limit is; see ReviewEndpoint.MaxBody.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        Listen(kestrel, options.Listen, listen =>
        {
            var serving = kestrel.ApplicationServices.GetRequiredService<ServingCertificate>();
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(serving.Handshakes());
        });
        Listen(kestrel, options.MetricsListen, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(MetricsListener.Mark);
        });
    }

    private static void Listen(KestrelServerOptions kestrel, WebhookOptions.Endpoint endpoint, Action<ListenOptions> configure)
    {
        if (endpoint.Address is { } address)
            kestrel.Listen(address, endpoint.Port, configure);
        else
            kestrel.ListenAnyIP(endpoint.Port, configure);
    }

    private static void MapAdmission(WebApplication app)
    {
        var readiness = app.Services.GetRequiredService<Readiness>();
        app.Use((context, next) =>
        {
            // HTTP/2 has GOAWAY for this. A connection of HTTP/1.1 that the listener's end closed under a request would fail it.
            if (readiness.IsStopping && HttpProtocol.IsHttp11(context.Request.Protocol))
                context.Response.Headers.Connection = "close";
            return next(context);
        });
        app.MapPost(AdmissionEndpoint.Path, app.Services.GetRequiredService<AdmissionEndpoint>().HandleAsync);
        app.MapPost(ResourceEndpoint.Path, app.Services.GetRequiredService<ResourceEndpoint>().HandleAsync);
        app.MapGet("/healthz", Healthy);
        app.MapGet("/readyz", app.Services.GetRequiredService<Readiness>().HandleAsync);
    }

    /// <summary>Metrics, and the health pages for probes that speak no TLS or that come when TLS cannot be served.</summary>
    private static void MapMetrics(IApplicationBuilder metrics)
    {
        metrics.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics");
        var readiness = metrics.ApplicationServices.GetRequiredService<Readiness>();
        metrics.Run(context => context.Request.Path.Value switch
        {
            "/healthz" => Healthy(context),
            "/readyz" => readiness.HandleAsync(context),
            _ => NotFound(context),
        });
    }

    /// <summary>The process runs and answers. Whether it can decide is <c>/readyz</c>'s matter: a restart would not help there.</summary>
    private static Task Healthy(HttpContext context) => context.Response.WriteAsync("ok\n", context.RequestAborted);

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private Uri AddressAt(int index)
    {
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new Uri(addresses.ElementAt(index));
    }
}
