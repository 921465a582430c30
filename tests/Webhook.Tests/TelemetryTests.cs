using System.Text.RegularExpressions;

namespace Sluice.Webhook.Tests;

/// <summary>The metric names are an interface: as they come out of the page, not as the code declares them.</summary>
public sealed partial class TelemetryTests
{
    [Fact]
    public async Task The_page_has_these_metrics_and_no_others()
    {
        await using var webhook = await RunningWebhook.StartAsync();
        await webhook.ReviewAsync(Reviews.Create());
        await webhook.PostAsync("nonsense");
        var page = await webhook.MetricsAsync();
        string[] expected =
            [
                "gauge sluice_build_info",
                "histogram sluice_webhook_admission_duration_seconds",
                "counter sluice_webhook_admissions_total",
                "gauge sluice_webhook_catalog_age_seconds",
                "gauge sluice_webhook_catalog_last_reload_success",
                "gauge sluice_webhook_catalog_objects",
                "counter sluice_webhook_catalog_reload_errors_total",
                "gauge sluice_webhook_certificate_last_reload_success",
                "gauge sluice_webhook_certificate_not_after_timestamp_seconds",
            ];
        Assert.Equal(expected, Types().Matches(page).Select(type => $"{type.Groups["type"].Value} {type.Groups["name"].Value}"), StringComparer.Ordinal);
        Assert.Contains("sluice_webhook_admissions_total{decision=\"error\",reason=\"BadRequest\"} 1", page, StringComparison.Ordinal);
        Assert.Contains("sluice_webhook_admission_duration_seconds_count{} 2", page, StringComparison.Ordinal);
        Assert.Contains("sluice_build_info{component=\"webhook\",version=\"", page, StringComparison.Ordinal);
        foreach (var kind in (string[])["Dataset", "Runtime", "RuntimeProfile", "TenantPolicy", "Namespace"])
            Assert.Contains($"sluice_webhook_catalog_objects{{kind=\"{kind}\"}} 0", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_rehearsal_counts_nowhere()
    {
        await using var webhook = await RunningWebhook.StartAsync();
        Assert.DoesNotContain("sluice_webhook_admissions_total{", await webhook.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_are_not_served_where_admissions_are_nor_the_other_way_round()
    {
        await using var webhook = await RunningWebhook.StartAsync();
        using var metrics = await webhook.Client.GetAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)metrics.StatusCode);
        using var client = new HttpClient();
        using var content = new StringContent(Reviews.Create(), null, "application/json");
        using var mutate = await client.PostAsync(new Uri(webhook.Host.MetricsAddress, "/mutate"), content, TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)mutate.StatusCode);
    }

    [GeneratedRegex(@"^# TYPE (?<name>\S+) (?<type>\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Types();
}
