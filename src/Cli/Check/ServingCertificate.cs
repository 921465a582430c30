using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Cli.Check;

/// <summary>Will API servers believe the webhook's certificate: its dates, its names, and its authority?</summary>
internal static class ServingCertificate
{
    // The webhook's own certificates live for 90 days; those of cert-manager are renewed at two thirds of their time.
    private static readonly TimeSpan Soon = TimeSpan.FromDays(7);

    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Certificate.TryGet(out var secret, out var unseen)
            || !cluster.Mutating.TryGet(out var mutating, out unseen)
            || !cluster.Validating.TryGet(out var validating, out unseen))
        {
            return unseen;
        }
        if (secret is null)
            return CheckResult.Skipped("the certificate comes from no Secret; the admission check tells whether it is believed");
        if (secret.Pem is null)
            return CheckResult.Of("none", Finding.Wrong(secret.FullName, "is not there", Installed.Apply));
        if (secret.Pem.Length == 0)
            return CheckResult.Of("none", Finding.Wrong(secret.FullName, $"has no {secret.Key}: nobody has issued a certificate yet", Installed.WebhookLogs));
        var presented = Authorities.Read(secret.Pem);
        if (presented.Count == 0)
            return CheckResult.Of("unreadable", Finding.Wrong(secret.FullName, $"{secret.Key} holds no certificate in PEM", Installed.WebhookLogs));
        return Judge(secret.FullName, presented, [.. new[] { mutating, validating }.OfType<WebhookConfiguration>()], cluster.Now);
    }

    private static CheckResult Judge(string secret, X509Certificate2Collection presented, List<WebhookConfiguration> configurations, DateTimeOffset now)
    {
        var findings = new List<Finding>();
        var leaf = presented[0];
        var (from, until) = (leaf.NotBefore.ToUniversalTime(), leaf.NotAfter.ToUniversalTime());
        if (until <= now.UtcDateTime)
            findings.Add(Finding.Wrong(secret, $"its certificate ended on {Date(until)}", Installed.WebhookLogs));
        else if (from > now.UtcDateTime)
            findings.Add(Finding.Wrong(secret, $"its certificate begins on {Date(from)}: is this machine's clock right?", "date -u"));
        else if (until - now.UtcDateTime < Soon)
            findings.Add(Finding.Warning(secret, $"its certificate ends on {Date(until)}, and should have been renewed", Installed.WebhookLogs));
        var judged = from > now.UtcDateTime || until <= now.UtcDateTime ? until.AddSeconds(-1) : now.UtcDateTime; // the authority is another matter than the dates
        foreach (var host in configurations.SelectMany(c => c.Entries).Select(e => e.Host).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (!leaf.MatchesHostname(host, allowWildcards: true, allowCommonName: false)) // API servers know no common names
                findings.Add(Finding.Wrong(secret, $"its certificate is not for {host}, where API servers send requests", Installed.WebhookLogs));
        }
        foreach (var configuration in configurations)
        {
            foreach (var entries in configuration.Entries.Where(e => e.Host is not null).GroupBy(e => e.CaBundle, StringComparer.Ordinal))
            {
                var bundle = Authorities.Read(entries.Key);
                if (bundle.Count > 0 && !Authorities.Vouch(presented, bundle, new DateTimeOffset(judged, TimeSpan.Zero), out var why)) // an empty one is another check's
                    findings.Add(Finding.Wrong(configuration.FullName, $"caBundle of {string.Join(", ", entries.Select(e => e.Name))} does not vouch for the certificate in {secret}: {why}", Installed.WebhookLogs));
            }
        }
        return CheckResult.Of($"until {Date(until)}", findings);
    }

    private static string Date(DateTime date) => string.Create(CultureInfo.InvariantCulture, $"{date:yyyy-MM-dd HH:mm} UTC");
}
