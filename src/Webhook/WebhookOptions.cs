using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using Serilog.Events;
using Sluice.Api;
using Sluice.Api.Validation;
using Sluice.Kube;

namespace Sluice.Webhook;

/// <summary>Everything that can be set from outside, validated. Nothing else reads arguments or the environment.</summary>
internal sealed record WebhookOptions
{
    private static readonly ServiceName DefaultService = new("sluice-system", "sluice-webhook"); // as the manifests have it

    /// <summary>Address and port of HTTPS; port 0 takes a free one. A null address is every address, IPv6 and IPv4.</summary>
    public Endpoint Listen { get; init; } = new(null, 8443);

    /// <summary>Address and port of <c>/metrics</c>, and of the health pages once more, in plain HTTP.</summary>
    public Endpoint MetricsListen { get; init; } = new(null, 9443);

    /// <summary>Directory of manifests that is the catalog; null when <see cref="Cluster"/> is.</summary>
    public string? CatalogDirectory { get; init; }

    /// <summary>The cluster whose objects are the catalog; null when <see cref="CatalogDirectory"/> is.</summary>
    public ClusterChoice? Cluster { get; init; }

    /// <summary>PEM files; null when the webhook makes its own certificate.</summary>
    public CertificatePair? Certificate { get; init; }

    /// <summary>The Service whose certificates the webhook manages in the cluster; null when it does not.</summary>
    public ServiceName? Service { get; init; }

    public LogEventLevel LogLevel { get; init; } = LogEventLevel.Information;

    /// <summary>How long <c>/readyz</c> fails before the listener closes, so that Services stop sending first.</summary>
    public TimeSpan ShutdownDelay { get; init; }

    /// <summary>An address to listen on.</summary>
    internal readonly record struct Endpoint(IPAddress? Address, int Port)
    {
        /// <summary>Reads <c>ADDRESS:PORT</c>; <c>:PORT</c> and <c>*:PORT</c> are every address, <c>localhost</c> is 127.0.0.1.</summary>
        public static bool TryParse(string text, out Endpoint endpoint)
        {
            endpoint = default;
            var colon = text.LastIndexOf(':');
            if (colon < 0
                || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            {
                return false;
            }
            var host = text[..colon];
            IPAddress? address = null;
            if (host is "localhost")
                address = IPAddress.Loopback;
            else if (host is not ("" or "*") && !(IPAddress.TryParse(host, out address) && host.Contains(':') == host.StartsWith('[')))
                return false;
            endpoint = new Endpoint(address, port);
            return true;
        }
    }

    /// <summary>How a cluster is reached.</summary>
    /// <param name="Kubeconfig">A file; null: as the pod that this process runs in.</param>
    internal sealed record ClusterChoice(string? Kubeconfig)
    {
        /// <summary>Reads what it takes to reach the cluster; asks it nothing.</summary>
        /// <exception cref="ClusterAccessException">What it takes is not there.</exception>
        public async Task<ClusterAccess> OpenAsync(TimeProvider time, CancellationToken token) => Kubeconfig is null
            ? InClusterAccess.Open(time)
            : await KubeconfigAccess.OpenAsync(new FileInfo(Kubeconfig), context: null, token);
    }

    /// <summary>A Service of the cluster.</summary>
    internal sealed record ServiceName(string Namespace, string Name)
    {
        public static ServiceName? TryParse(string text) =>
            text.Split('/') is [var ns, var name] && NameRules.IsLabel(ns) && NameRules.IsLabel(name) ? new ServiceName(ns, name) : null;
    }

    internal sealed record CertificatePair(string CertificateFile, string KeyFile);

    /// <summary>The command line. <paramref name="run"/> gets the options and gives the exit code.</summary>
    public static RootCommand Command(Func<WebhookOptions, CancellationToken, Task<int>> run)
    {
        var listen = EndpointOption("--listen", ":8443", "Address and port of HTTPS. Port 0 takes a free one; the log tells which.");
        var metricsListen = EndpointOption("--metrics-listen", ":9443", "Address and port of /metrics, /healthz and /readyz in plain HTTP.");
        var catalog = new Option<string?>("--catalog")
        {
            Description = "Take the catalog from a directory of manifests (*.yaml, *.yml, *.json): Datasets, profiles, policies and Namespaces. Watched.",
            HelpName = "DIR",
        };
        var kubeconfig = new Option<string?>("--kubeconfig")
        {
            Description = "Take the catalog from the cluster of this file's current context. Watched.",
            HelpName = "FILE",
        };
        var inCluster = new Option<bool>("--in-cluster") { Description = "Take the catalog from the cluster that this process is a pod of. Watched." };
        var certificate = new Option<string?>("--tls-cert")
        {
            Description = "PEM file of the serving certificate and its intermediates. Watched. Without it, a self-signed one is made.",
            HelpName = "FILE",
        };
        var key = new Option<string?>("--tls-key") { Description = "PEM file of the private key. Watched.", HelpName = "FILE" };
        var service = new Option<ServiceName?>("--service")
        {
            Description = "Keep certificates for this Service in the cluster: Secret, Lease and webhook configurations. Default with --in-cluster and without --tls-cert: sluice-system/sluice-webhook.",
            HelpName = "NAMESPACE/NAME",
            CustomParser = ParseService,
        };
        var logLevel = new Option<LogEventLevel>("--log-level")
        {
            Description = "The least level that is logged.",
            HelpName = "debug|information|warning|error",
            DefaultValueFactory = _ => LogEventLevel.Information,
            CustomParser = ParseLevel,
        };
        var delay = new Option<Duration>("--shutdown-delay")
        {
            Description = "How long /readyz fails after SIGTERM before the listener closes, such as 5s.",
            HelpName = "DURATION",
            DefaultValueFactory = _ => default,
            CustomParser = ParseDuration,
        };
        var command = new RootCommand("Sluice's admission webhook: gives pods the datasets that they name.")
        {
            listen, metricsListen, catalog, kubeconfig, inCluster, certificate, key, service, logLevel, delay,
        };
        command.Validators.Add(result =>
        {
            Option[] sources = [catalog, kubeconfig, inCluster];
            if (sources.Count(source => result.GetResult(source) is { Implicit: false }) != 1)
                result.AddError("--catalog, --kubeconfig and --in-cluster say where the catalog is: give exactly one of them.");
            if (result.GetResult(certificate) is null != result.GetResult(key) is null)
                result.AddError("--tls-cert and --tls-key go together: give both or neither.");
            if (result.GetResult(service) is not null && (result.GetResult(certificate) is not null || result.GetResult(catalog) is not null))
                result.AddError("--service keeps certificates in a cluster: it goes with --in-cluster or --kubeconfig, and not with --tls-cert.");
        });
        command.SetAction((parsed, token) => run(
            new WebhookOptions
            {
                Listen = parsed.GetValue(listen),
                MetricsListen = parsed.GetValue(metricsListen),
                CatalogDirectory = parsed.GetValue(catalog),
                Cluster = parsed.GetValue(catalog) is null ? new ClusterChoice(parsed.GetValue(kubeconfig)) : null,
                Certificate = parsed.GetValue(certificate) is { } certificateFile && parsed.GetValue(key) is { } keyFile
                    ? new CertificatePair(certificateFile, keyFile)
                    : null,
                Service = parsed.GetValue(service) ?? (parsed.GetValue(inCluster) && parsed.GetValue(certificate) is null ? DefaultService : null),
                LogLevel = parsed.GetValue(logLevel),
                ShutdownDelay = parsed.GetValue(delay).Value,
            },
            token));
        return command;
    }

    private static Option<Endpoint> EndpointOption(string name, string standard, string description) => new(name)
    {
        Description = $"{description} Default {standard}.",
        HelpName = "ADDRESS:PORT",
        DefaultValueFactory = _ => Endpoint.TryParse(standard, out var endpoint) ? endpoint : default,
        CustomParser = argument =>
        {
            if (Endpoint.TryParse(argument.Tokens[0].Value, out var endpoint))
                return endpoint;
            argument.AddError($"{name}: \"{argument.Tokens[0].Value}\" is no address and port such as 127.0.0.1:8443, [::1]:8443 or :8443.");
            return default;
        },
    };

    private static ServiceName? ParseService(ArgumentResult argument)
    {
        var service = ServiceName.TryParse(argument.Tokens[0].Value);
        if (service is null)
            argument.AddError($"--service: \"{argument.Tokens[0].Value}\" is no namespace and name such as sluice-system/sluice-webhook.");
        return service;
    }

    private static LogEventLevel ParseLevel(ArgumentResult argument)
    {
        switch (argument.Tokens[0].Value)
        {
            case "debug": return LogEventLevel.Debug;
            case "information" or "info": return LogEventLevel.Information;
            case "warning": return LogEventLevel.Warning;
            case "error": return LogEventLevel.Error;
            case var other:
                argument.AddError($"--log-level: \"{other}\" is none of debug, information, warning, error.");
                return default;
        }
    }

    private static Duration ParseDuration(ArgumentResult argument)
    {
        if (Duration.TryParse(argument.Tokens[0].Value, out var duration))
            return duration;
        argument.AddError($"--shutdown-delay: \"{argument.Tokens[0].Value}\" is no duration such as 0, 5s or 1m.");
        return default;
    }
}
