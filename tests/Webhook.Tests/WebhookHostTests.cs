using System.Net;

namespace Sluice.Webhook.Tests;

public sealed class WebhookHostTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Both_versions_of_HTTP_are_spoken(string version)
    {
        await using var webhook = await RunningWebhook.StartAsync();
        using var client = RunningWebhook.NewClient(webhook.Host.Address, Version.Parse(version));
        for (var i = 0; i < 3; i++)
        {
            using var content = new StringContent(Reviews.Create(), null, "application/json");
            using var response = await client.PostAsync(new Uri("/mutate", UriKind.Relative), content, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(Version.Parse(version), response.Version);
            Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        }
    }

    [Fact]
    public async Task The_log_tells_the_addresses_that_port_0_became()
    {
        await using var webhook = await RunningWebhook.StartAsync();
        Assert.NotEqual(0, webhook.Host.Address.Port);
        Assert.Contains(webhook.Log, line =>
            line.Contains($"\"address\":\"{webhook.Host.Address}\"", StringComparison.Ordinal)
            && line.Contains($"\"metricsAddress\":\"{webhook.Host.MetricsAddress}\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Health_is_served_on_both_ports()
    {
        await using var webhook = await RunningWebhook.StartAsync();
        using var plain = new HttpClient();
        foreach (var page in (string[])["/healthz", "/readyz"])
        {
            Assert.NotEmpty(await webhook.Client.GetStringAsync(new Uri(page, UriKind.Relative), TestContext.Current.CancellationToken));
            Assert.NotEmpty(await plain.GetStringAsync(new Uri(webhook.Host.MetricsAddress, page), TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Every_address_can_be_listened_on()
    {
        await using var webhook = await RunningWebhook.StartAsync(options: options => options with { Listen = new WebhookOptions.Endpoint(null, 0) });
        using var client = RunningWebhook.NewClient(new UriBuilder(webhook.Host.Address) { Host = "127.0.0.1" }.Uri);
        Assert.NotEmpty(await client.GetStringAsync(new Uri("/healthz", UriKind.Relative), TestContext.Current.CancellationToken));
    }
}
