using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.Testing;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Running;

/// <summary>Dashboard, alerts and documentation name the metrics that the process really exposes.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task Dashboard_alerts_and_documentation_know_what_the_page_shows()
    {
        await using var webhook = await WebhookProcess.StartAsync();
        var page = new MetricsPage(await webhook.ScrapeAsync());
        Assert.NotEmpty(page.Names);

        var queries = Dashboard().Concat(Alerts().Select(a => Yaml.Text(a["expr"]))).ToList();
        Assert.InRange(queries.Count, 15, 100);
        Assert.All(queries, q => Assert.Empty(page.Problems(q)));
        // A metric that nobody looks at should be looked at, or go.
        Assert.All(page.Names, name => Assert.Contains(queries, q => q.Contains(name, StringComparison.Ordinal)));

        var documented = ((string[])["Metrics", "Metrics of a catalog in a cluster", "Metrics of certificates in the cluster"]).SelectMany(Documented).Select(m => m.Split('{')[0]).ToList();
        Assert.Equal(page.Names.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("sluice_webhook_admission_total", "no sluice_webhook_admission_total")]
    [InlineData("sum by (verb) (sluice_webhook_admissions_total{decision=\"deny\"})", "nothing in the query has a label verb")]
    [InlineData("sluice_webhook_admissions_total{verdict=\"deny\"}", "sluice_webhook_admissions_total has no label verdict")]
    public void A_query_for_what_is_not_there_is_found(string query, string problem)
    {
        var page = new MetricsPage("# TYPE sluice_webhook_admissions_total counter\nsluice_webhook_admissions_total{decision=\"deny\",reason=\"Policy\"} 1\n");
        Assert.Equal([problem], page.Problems(query), StringComparer.Ordinal);
    }

    [Fact]
    public void Every_alert_is_documented_with_its_severity_and_the_reverse()
    {
        var alerts = Alerts().Select(a => $"{Yaml.Text(a["alert"])} {Yaml.Text(a["labels"]!["severity"])}");
        var text = File.ReadAllText(Repository.PathOf("docs", "metrics.md"));
        var documented = AlertRows().Matches(text).Select(r => $"{r.Groups["name"].Value} {r.Groups["severity"].Value}");
        Assert.Equal(alerts.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.All(Alerts(), a => Assert.True(Yaml.Text(a["annotations"]!["summary"]).Length > 0 && Yaml.Text(a["annotations"]!["description"]).Length > 0));
    }

    [Fact]
    public void The_monitor_scrapes_the_metrics_of_the_webhook_and_nothing_else()
    {
        var items = Kustomization.Render("overlays/monitoring");
        var monitor = items.Find("ServiceMonitor", "sluice-webhook")["spec"]!;
        var selected = items.Where(i => Yaml.Text(i["kind"]) == "Service" && Selects(monitor["selector"]!["matchLabels"]!.AsObject(), i["metadata"]!["labels"]!.AsObject())).ToList();
        var service = Assert.Single(selected);
        var port = Yaml.Text(monitor["endpoints"]!.AsArray().Single()!["port"]);
        Assert.Equal("metrics", Yaml.Text(service["spec"]!["ports"]!.AsArray().Single(p => Yaml.Text(p!["name"]) == port)!["targetPort"]));
        // The alerts say job="…", which the monitor takes from a label of the Service.
        Assert.All(JobNames().Matches(string.Join('\n', Alerts().Select(a => Yaml.Text(a["expr"])))), job =>
            Assert.Equal(Yaml.Text(service["metadata"]!["labels"]![Yaml.Text(monitor["jobLabel"])]), job.Groups["job"].Value));
    }

    private static bool Selects(JsonObject wanted, JsonObject labels) => wanted.All(w => Yaml.Text(labels[w.Key]) == Yaml.Text(w.Value));

    private static IEnumerable<string> Dashboard()
    {
        var dashboard = JsonNode.Parse(File.ReadAllText(Repository.PathOf("deploy", "dashboards", "sluice-webhook.json")))!;
        var panels = dashboard["panels"]!.AsArray();
        Assert.Equal(panels.Count, panels.Select(p => p!["id"]!.GetValue<int>()).Distinct().Count());
        return panels.SelectMany(p => p!["targets"]!.AsArray()).Select(t => Yaml.Text(t!["expr"]));
    }

    private static List<JsonObject> Alerts() =>
        [.. Kustomization.Render("overlays/monitoring").Find("PrometheusRule", "sluice-webhook")["spec"]!["groups"]!.AsArray().SelectMany(g => g!["rules"]!.AsArray()).Select(r => r!.AsObject())];

    /// <summary>First cells of the table below a heading.</summary>
    private static IEnumerable<string> Documented(string heading)
    {
        var section = File.ReadAllText(Repository.PathOf("docs", "metrics.md")).Split($"\n## {heading}\n")[1].Split("\n## ")[0];
        return MetricRows().Matches(section).Select(r => r.Groups["name"].Value);
    }

    [GeneratedRegex(@"^\| `(?<name>sluice_[^`]+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MetricRows();

    [GeneratedRegex(@"^\| `(?<name>Sluice\w+)` \| (?<severity>\w+) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AlertRows();

    [GeneratedRegex(@"job=""(?<job>[^""]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex JobNames();
}
