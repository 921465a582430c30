using System.Text.Json;
using Sluice.Api;
using Sluice.Injection;

namespace Sluice.Webhook;

/// <summary>
/// Runs the whole path of a decision at the start, on a review and a catalog of its own, so that <c>/readyz</c> turns ready with the
/// code loaded and the buffers there. Leaves no trace in metrics or log, unless it fails.
/// </summary>
internal sealed class Rehearsal(
    DecidePod decide, Telemetry telemetry, Readiness readiness, TimeProvider time, ILogger<AdmissionEndpoint> logger) : BackgroundService
{
    private const int Rounds = 3; // the first loads code and buffers, the others settle caches; arbitrary

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = time.GetTimestamp();
        var catalog = BuiltInCatalog();
        var endpoint = new AdmissionEndpoint(new CatalogState(time), decide, telemetry, time, logger);
        for (var i = 0; i < Rounds; i++)
        {
            var buffers = AdmissionBuffers.Rent();
            var answered = endpoint.Answer(Review.ToArray(), buffers, catalog);
            buffers.Return();
            // Open: a rehearsal that fails says something about the built-in review perhaps; real ones are decided one by one.
            if (answered.Exception is { } e)
                Log.DecisionFailed(logger, e, answered.Review.Uid!, answered.Review.Namespace, answered.Review.PodName);
        }
        readiness.Rehearsed();
        Log.Rehearsed(logger, time.GetElapsedTime(started).TotalMilliseconds);
        return Task.CompletedTask;
    }

    private static ReadOnlySpan<byte> Review => """
        {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"rehearsal",
        "kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},
        "namespace":"rehearsal","operation":"CREATE","userInfo":{"username":"rehearsal"},"dryRun":true,
        "object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"rehearsal","labels":{"sluice.io/dataset":"rehearsal"}},
        "spec":{"containers":[{"name":"app","image":"app:1","resources":{"requests":{"cpu":"100m"}},"volumeMounts":[{"name":"data","mountPath":"/data"}]}],
        "volumes":[{"name":"data","csi":{"driver":"csi.sluice.io","volumeAttributes":{"dataset":"rehearsal"}}}]}}}}
        """u8;

    private static Catalog BuiltInCatalog()
    {
        var dataset = JsonSerializer.Deserialize(
            """
            {"metadata":{"name":"rehearsal","namespace":"rehearsal"},"spec":{"source":{"uri":"file://rehearsal/data"},"profile":"rehearsal"}}
            """,
            ApiJson.Default.Dataset)!;
        var profile = JsonSerializer.Deserialize(
            """
            {"metadata":{"name":"rehearsal"},"spec":{"schemes":["file"],"fuse":{"image":"rehearsal:1","command":["client","${mountpoint}"]}}}
            """,
            ApiJson.Default.RuntimeProfile)!;
        return new Catalog([dataset], [], [profile], [], []);
    }
}
