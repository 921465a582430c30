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

    public Telemetry(IMeterFactory meters, CatalogState catalog, ServingCertificate certificate, TimeProvider time)
    {
        _meter = meters.Create(MeterName);
        _admissions = _meter.CreateCounter<long>(
            "sluice_webhook_admissions", null, "Admission requests answered, by decision (unchanged, patch, deny; error: no review could be answered) and reason.");
        _duration = _meter.CreateHistogram(
            "sluice_webhook_admission_duration", "s", "From the request's headers to its answer.", null,
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
    }

    /// <summary>Counts one answered review.</summary>
    public void Admitted(Decision decision, TimeSpan elapsed) =>
        Record(Words.Of(decision.Kind), Words.Of(decision.Reason), elapsed);

    /// <summary>Counts one request that got an HTTP error instead of a review.</summary>
    public void Refused(TimeSpan elapsed) => Record("error", Words.Of(DecisionReason.BadRequest), elapsed);

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
