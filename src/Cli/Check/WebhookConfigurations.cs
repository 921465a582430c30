using System.Globalization;

namespace Sluice.Cli.Check;

/// <summary>Are all pods that ask for data sent to the webhook, and is its authority written down for API servers to believe?</summary>
internal static class WebhookConfigurations
{
    // The webhook's own authority lives for a year and is renewed long before its end.
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Mutating.TryGet(out var mutating, out var unseen) || !cluster.Validating.TryGet(out var validating, out unseen))
            return unseen;
        var findings = new List<Finding>();
        Judge(mutating, "MutatingWebhookConfiguration", Installed.MutatingEntries, cluster.Now, findings);
        Judge(validating, "ValidatingWebhookConfiguration", Installed.ValidatingEntries, cluster.Now, findings);
        return CheckResult.Of(Count.Of((mutating?.Entries.Count ?? 0) + (validating?.Entries.Count ?? 0), "entry", "entries"), findings);
    }

    private static void Judge(WebhookConfiguration? configuration, string kind, IReadOnlyList<string> expected, DateTimeOffset now, List<Finding> findings)
    {
        if (configuration is null)
        {
            findings.Add(Finding.Wrong($"{kind} {Installed.Webhook}", "is not there, so that nothing is sent to the webhook", Installed.Apply));
            return;
        }
        foreach (var name in expected.Where(name => configuration.Entries.All(e => e.Name != name)))
            findings.Add(Finding.Wrong(configuration.FullName, $"has no entry {name}, so that what it selects is not sent to the webhook", Installed.Apply));
        foreach (var entry in configuration.Entries)
        {
            if (entry.FailurePolicy == "Ignore" && entry.Name != Installed.NamespaceEntry)
                findings.Add(Finding.Warning(configuration.FullName, $"entry {entry.Name} has failurePolicy Ignore: while no webhook answers, nothing is refused and nothing injected", Installed.Apply));
        }
        // Entries with the same bundle, which should be all, are one finding.
        foreach (var entries in configuration.Entries.GroupBy(e => e.CaBundle, StringComparer.Ordinal))
        {
            if (BundleTrouble(entries.Key, now) is var (verdict, trouble))
                findings.Add(new Finding(verdict, configuration.FullName, $"caBundle of {string.Join(", ", entries.Select(e => e.Name))} {trouble}", Installed.WebhookLogs));
        }
    }

    private static (Verdict, string)? BundleTrouble(string pem, DateTimeOffset now)
    {
        if (pem.Length == 0)
            return (Verdict.Wrong, "is empty: nobody has written the authority of the webhook's certificate there");
        var authorities = Authorities.Read(pem);
        if (authorities.Count == 0)
            return (Verdict.Wrong, "holds no certificate in PEM");
        var end = authorities.Max(a => a.NotAfter.ToUniversalTime());
        if (end <= now.UtcDateTime)
            return (Verdict.Wrong, string.Create(CultureInfo.InvariantCulture, $"ended on {end:yyyy-MM-dd HH:mm} UTC"));
        return end - now.UtcDateTime < Soon ? (Verdict.Warning, string.Create(CultureInfo.InvariantCulture, $"ends on {end:yyyy-MM-dd HH:mm} UTC, and should have been renewed")) : null;
    }
}
