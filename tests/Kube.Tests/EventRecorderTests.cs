using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Sluice.Kube.Tests;

public sealed class EventRecorderTests
{
    private static readonly EventTarget Dataset = new("sluice.io/v1alpha1", "Dataset", "vision", "imagenet", "uid-7");

    [Fact]
    public async Task An_event_names_the_object_and_who_says_it()
    {
        await using var cluster = await Cluster.StartAsync();
        var recorder = new EventRecorder(cluster.Client(), "sluice.io/operator", "operator-0", cluster.Time, Assert.Fail);
        await recorder.RecordAsync(Dataset, warning: true, "SourceGone", "Probe", new string('ä', 2000), Cluster.Token);
        var body = JsonNode.Parse(Assert.Single(cluster.Server.Requests).Body)!;
        Assert.Equal("/apis/events.k8s.io/v1/namespaces/vision/events", cluster.Server.Requests.First().Path);
        Assert.StartsWith("imagenet.", (string?)body["metadata"]!["name"], StringComparison.Ordinal);
        Assert.Equal("""{"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","namespace":"vision","name":"imagenet","uid":"uid-7"}""", body["regarding"]!.ToJsonString());
        Assert.Equal("2026-01-01T00:00:00.000000Z", (string?)body["eventTime"]);
        Assert.Equal(
            ["Warning", "SourceGone", "Probe", "sluice.io/operator", "operator-0"],
            ((string[])["type", "reason", "action", "reportingController", "reportingInstance"]).Select(member => (string)body[member]!),
            StringComparer.Ordinal);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount((string)body["note"]!), 900, 1024);
    }

    [Fact]
    public async Task What_repeats_is_counted_and_written_once_a_minute_for_each_object_and_reason()
    {
        await using var cluster = await Cluster.StartAsync();
        var recorder = new EventRecorder(cluster.Client(), "c", "i", cluster.Time, Assert.Fail);
        for (var i = 0; i < 10; i++)
            await recorder.RecordAsync(Dataset, false, "Waiting", "Wait", "note", Cluster.Token);
        await recorder.RecordAsync(Dataset, false, "Ready", "Wait", "note", Cluster.Token);
        await recorder.RecordAsync(Dataset with { Name = "other" }, false, "Waiting", "Wait", "note", Cluster.Token);
        Assert.Equal(["POST", "POST", "POST"], cluster.Server.Requests.Select(r => r.Method), StringComparer.Ordinal);

        cluster.Time.Advance(EventRecorder.Interval);
        await recorder.RecordAsync(Dataset, false, "Waiting", "Wait", "note", Cluster.Token);
        var last = cluster.Server.Requests.Last();
        Assert.Equal("PATCH", last.Method);
        Assert.Equal("""{"series":{"count":11,"lastObservedTime":"2026-01-01T00:01:00.000000Z"}}""", JsonNode.Parse(last.Body)!.ToJsonString());
    }

    [Fact]
    public async Task An_event_that_is_refused_is_reported_and_the_next_one_begins_anew()
    {
        await using var cluster = await Cluster.StartAsync();
        var reports = new ConcurrentQueue<string>();
        var recorder = new EventRecorder(cluster.Client(), "c", "i", cluster.Time, reports.Enqueue);
        cluster.Server.Next(_ => true, 403, Testing.Cluster.ApiStatus.Json(403, "Forbidden", "no events for you"));
        await recorder.RecordAsync(Dataset with { Namespace = null }, false, "Waiting", "Wait", "note", Cluster.Token);
        Assert.Equal("create events.events.k8s.io in namespace default: no events for you (403 Forbidden)", Assert.Single(reports));
        await recorder.RecordAsync(Dataset with { Namespace = null }, false, "Waiting", "Wait", "note", Cluster.Token);
        Assert.Equal(["POST", "POST"], cluster.Server.Requests.Select(r => r.Method), StringComparer.Ordinal);
    }
}
