using System.Diagnostics.Metrics;
using Sluice.Injection;
using Sluice.Webhook.Certificates;

namespace Sluice.Webhook;

/// <summary>
/// Every metric of the webhook. The names are those of the instruments; the Prometheus page adds <c>_total</c> to counters
/// and the unit.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    public const string MeterName = "sluice.webhook";

    private static readonly double[] DurationBuckets = // seconds; the API server gives up after 10 by default
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Meter _meter;
    private readonly Counter<long> _admissions;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _validations;
    private readonly Histogram<double> _validationDuration;

    public Telemetry(IMeterFactory meters, CatalogState catalog, ServingCertificate certificate, TimeProvider time, CatalogWatcher? watcher = null, CatalogLookup? lookup = null,
        ManagedCertificates? managed = null)
    {
        _meter = meters.Create(MeterName);
        _admissions = _meter.CreateCounter<long>(
            "sluice_webhook_admissions", null, "Admission requests answered, by decision (unchanged, patch, deny; error: no review could be answered) and reason.");
        _duration = _meter.CreateHistogram(
            "sluice_webhook_admission_duration", "s", "From the request's headers to its answer.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });
        _validations = _meter.CreateCounter<long>(
            "sluice_webhook_validations", null, "Reviews of our own kinds answered, by kind (empty: none of ours) and reason.");
        _validationDuration = _meter.CreateHistogram(
            "sluice_webhook_validation_duration", "s", "From the headers of a review of our own kinds to its answer.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });
        _meter.CreateObservableGauge(
            "sluice_webhook_catalog_objects", () => CountObjects(catalog.Current), null, "Objects in the catalog that decisions use.");
        _meter.CreateObservableGauge(
            "sluice_webhook_catalog_age", () => Age(catalog, time), "s", "Since the catalog was last known to say what its source says.");
        _meter.CreateObservableGauge(
            "sluice_webhook_catalog_last_reload_success", () => catalog.IsLoaded && catalog.Errors.Count == 0 ? 1 : 0, null, "1 when the last attempt to load the catalog succeeded.");
        _meter.CreateObservableCounter(
            "sluice_webhook_catalog_reload_errors", () => catalog.FailedLoads, null, "Attempts to load the catalog that failed.");
        _meter.CreateObservableGauge(
            "sluice_webhook_certificate_not_after_timestamp", () => NotAfter(certificate), "s", "When the serving certificate ends, in Unix time.");
        _meter.CreateObservableGauge(
            "sluice_webhook_certificate_last_reload_success", () => certificate.Error is null ? 1 : 0, null, "1 when the last attempt to load the serving certificate succeeded.");
        _meter.CreateObservableGauge(
            "sluice_build_info", () => new Measurement<int>(1, Tag("component", "webhook"), Tag("version", BuildInfo.Version)), null, "Always 1; the labels say what runs.");
        if (watcher is not null)
            Observe(watcher, time);
        if (managed is not null)
            Observe(managed);
        if (lookup is not null)
        {
            _meter.CreateObservableCounter(
                "sluice_webhook_catalog_lookups", () => lookup.Counts.Select(c => new Measurement<long>(c.Count, Tag("result", c.Result))), null,
                "Objects that a pod named, the catalog lacked and the API server was asked for, by result (found, missing, failed).");
        }
    }

    /// <summary>What only self-managed certificates have.</summary>
    private void Observe(ManagedCertificates managed)
    {
        _meter.CreateObservableGauge(
            "sluice_webhook_certificate_authority_not_after_timestamp",
            () => managed.AuthorityNotAfter is { } at ? [new Measurement<double>(at.ToUnixTimeSeconds())] : Array.Empty<Measurement<double>>(),
            "s", "When the authority that signs serving certificates ends, in Unix time.");
        _meter.CreateObservableCounter(
            "sluice_webhook_certificate_renewal_errors", () => managed.Failures, null, "Attempts to renew certificates, or to make them known, that failed in this replica.");
        _meter.CreateObservableGauge(
            "sluice_webhook_certificate_leader", () => managed.Leads ? 1 : 0, null, "1 in the replica that renews certificates.");
    }

    /// <summary>What only a catalog from a cluster has.</summary>
    private void Observe(CatalogWatcher watcher, TimeProvider time)
    {
        _meter.CreateObservableCounter(
            "sluice_webhook_catalog_relists", () => Each(r => r.Relists), null, "Lists after the first, by kind: the API server had forgotten where the watch was.");
        _meter.CreateObservableCounter(
            "sluice_webhook_catalog_watch_errors", () => Each(r => r.WatchErrors), null, "Lists and watches that failed, by kind.");
        _meter.CreateObservableGauge(
            "sluice_webhook_catalog_watch_silence",
            () => watcher.Kinds.Where(k => k.Reflector.HeardAt is not null)
                .Select(k => new Measurement<double>((time.GetUtcNow() - k.Reflector.HeardAt!.Value).TotalSeconds, Tag("kind", k.Kind.Name))),
            "s", "Since the API server last sent a list, an event or a bookmark, by kind: how far behind the catalog may be.");
        _meter.CreateObservableGauge(
            "sluice_webhook_catalog_invalid_objects", () => watcher.CountInvalid().Select(c => new Measurement<int>(c.Count, Tag("kind", c.Kind))), null,
            "Objects that are invalid and of which the last good version, or none, is used, by kind.");

        IEnumerable<Measurement<long>> Each(Func<Kube.Reflector<object>, long> count) =>
            watcher.Kinds.Select(k => new Measurement<long>(count(k.Reflector), Tag("kind", k.Kind.Name)));
    }

    /// <summary>Counts one answered review.</summary>
    public void Admitted(Decision decision, TimeSpan elapsed) =>
        Record(Words.Of(decision.Kind), Words.Of(decision.Reason), elapsed);

    /// <summary>Counts one request that got an HTTP error instead of a review.</summary>
    public void Refused(TimeSpan elapsed) => Record("error", Words.Of(DecisionReason.BadRequest), elapsed);

    /// <summary>Counts one review of our own kinds.</summary>
    public void Validated(string kind, string reason, TimeSpan elapsed)
    {
        _validations.Add(1, Tag("kind", kind), Tag("reason", reason));
        _validationDuration.Record(elapsed.TotalSeconds);
    }

    public void Dispose() => _meter.Dispose();

    private void Record(string decision, string reason, TimeSpan elapsed)
    {
        _admissions.Add(1, Tag("decision", decision), Tag("reason", reason));
        _duration.Record(elapsed.TotalSeconds);
    }

    private static IEnumerable<Measurement<int>> CountObjects(Catalog catalog) =>
    [
        new(catalog.DatasetCount, Tag("kind", "Dataset")),
        new(catalog.RuntimeCount, Tag("kind", "Runtime")),
        new(catalog.ProfileCount, Tag("kind", "RuntimeProfile")),
        new(catalog.Policies.Length, Tag("kind", "TenantPolicy")),
        new(catalog.NamespaceCount, Tag("kind", "Namespace")),
    ];

    private static IEnumerable<Measurement<double>> Age(CatalogState catalog, TimeProvider time) =>
        catalog.ConfirmedAt is { } at ? [new((time.GetUtcNow() - at).TotalSeconds)] : [];

    private static IEnumerable<Measurement<double>> NotAfter(ServingCertificate certificate) =>
        certificate.NotAfter is { } at ? [new(at.ToUnixTimeSeconds())] : [];

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
