using System.Net;
using Serilog.Events;

namespace Sluice.Webhook.Tests;

public sealed class WebhookOptionsTests
{
    private static (WebhookOptions? Options, IReadOnlyList<string> Errors) Parse(params string[] args)
    {
        WebhookOptions? read = null;
        var parsed = WebhookOptions.Command((options, _) =>
        {
            read = options;
            return Task.FromResult(0);
        }).Parse(args);
        if (parsed.Errors.Count == 0)
            parsed.Invoke();
        return (read, [.. parsed.Errors.Select(error => error.Message)]);
    }

    [Fact]
    public void The_catalog_alone_gives_the_defaults()
    {
        var (options, errors) = Parse("--catalog", "/etc/sluice");
        Assert.Empty(errors);
        Assert.Equal(
            new WebhookOptions
            {
                CatalogDirectory = "/etc/sluice",
                Listen = new WebhookOptions.Endpoint(null, 8443),
                MetricsListen = new WebhookOptions.Endpoint(null, 9443),
                LogLevel = LogEventLevel.Information,
            },
            options);
    }

    [Fact]
    public void Everything_can_be_set()
    {
        var (options, errors) = Parse(
            "--catalog", "c", "--listen", "[::1]:0", "--metrics-listen", "localhost:9", "--tls-cert", "a", "--tls-key", "b",
            "--log-level", "debug", "--shutdown-delay", "1m30s");
        Assert.Empty(errors);
        Assert.Equal(
            new WebhookOptions
            {
                CatalogDirectory = "c",
                Listen = new WebhookOptions.Endpoint(IPAddress.IPv6Loopback, 0),
                MetricsListen = new WebhookOptions.Endpoint(IPAddress.Loopback, 9),
                Certificate = new WebhookOptions.CertificatePair("a", "b"),
                LogLevel = LogEventLevel.Debug,
                ShutdownDelay = TimeSpan.FromSeconds(90),
            },
            options);
    }

    [Fact]
    public void A_cluster_is_chosen_by_a_file_or_as_the_one_around()
    {
        var (options, errors) = Parse("--kubeconfig", "k");
        Assert.Empty(errors);
        Assert.Equal(new WebhookOptions { Cluster = new WebhookOptions.ClusterChoice("k") }, options);
        (options, errors) = Parse("--in-cluster");
        Assert.Empty(errors);
        Assert.Equal(
            new WebhookOptions { Cluster = new WebhookOptions.ClusterChoice(null), Service = new WebhookOptions.ServiceName("sluice-system", "sluice-webhook") }, options);
    }

    [Fact]
    public void Certificates_are_kept_in_the_cluster_where_nothing_else_is_said()
    {
        Assert.Null(Parse("--in-cluster", "--tls-cert", "a", "--tls-key", "b").Options!.Service);
        Assert.Equal(new WebhookOptions.ServiceName("a", "b"), Parse("--in-cluster", "--service", "a/b").Options!.Service);
        Assert.Equal(new WebhookOptions.ServiceName("a", "b"), Parse("--kubeconfig", "k", "--service", "a/b").Options!.Service);
    }

    [Theory]
    [InlineData("give exactly one of them")]
    [InlineData("give exactly one of them", "--catalog", "c", "--in-cluster")]
    [InlineData("give exactly one of them", "--catalog", "c", "--kubeconfig", "k")]
    [InlineData("give exactly one of them", "--kubeconfig", "k", "--in-cluster")]
    [InlineData("--tls-cert and --tls-key", "--catalog", "c", "--tls-cert", "a")]
    [InlineData("--tls-cert and --tls-key", "--catalog", "c", "--tls-key", "a")]
    [InlineData("--listen", "--catalog", "c", "--listen", "8443")]
    [InlineData("--listen", "--catalog", "c", "--listen", "example.org:8443")]
    [InlineData("--listen", "--catalog", "c", "--listen", "::1:8443")]
    [InlineData("--listen", "--catalog", "c", "--listen", "127.0.0.1:65536")]
    [InlineData("--metrics-listen", "--catalog", "c", "--metrics-listen", ":-1")]
    [InlineData("--service", "--catalog", "c", "--service", "a/b")]
    [InlineData("--service", "--in-cluster", "--service", "a/b", "--tls-cert", "a", "--tls-key", "b")]
    [InlineData("--service", "--in-cluster", "--service", "webhook")]
    [InlineData("--service", "--in-cluster", "--service", "../webhook")]
    [InlineData("--log-level", "--catalog", "c", "--log-level", "loud")]
    [InlineData("--shutdown-delay", "--catalog", "c", "--shutdown-delay", "5")]
    [InlineData("--frobnicate", "--catalog", "c", "--frobnicate")]
    public void What_is_wrong_is_named(string named, params string[] args) =>
        Assert.Contains(Parse(args).Errors, error => error.Contains(named, StringComparison.Ordinal));
}
