using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Webhook.Tests.Validation;

/// <summary>Every answer of <c>/validate</c>, over HTTPS, beside a catalog of one profile, one Runtime and two Datasets.</summary>
public sealed class ResourceEndpointTests
{
    private const string Catalog = """
        apiVersion: sluice.io/v1alpha1
        kind: RuntimeProfile
        metadata: {name: rclone}
        spec: {schemes: [s3], options: {endpoint: {required: true}}, fuse: {image: i:1, command: [c, "${mountpoint}"], readOnly: true}}
        ---
        apiVersion: sluice.io/v1alpha1
        kind: RuntimeProfile
        metadata: {name: unused}
        spec: {schemes: [gs], fuse: {image: i:1, command: [c, "${mountpoint}"]}}
        ---
        apiVersion: sluice.io/v1alpha1
        kind: RuntimeProfile
        metadata: {name: spare}
        spec: {schemes: [gs], fuse: {image: i:1, command: [c, "${mountpoint}"]}}
        ---
        apiVersion: sluice.io/v1alpha1
        kind: Runtime
        metadata: {name: warm, namespace: vision}
        spec: {profile: rclone, options: {endpoint: "http://minio:9000"}}
        ---
        apiVersion: sluice.io/v1alpha1
        kind: Dataset
        metadata: {name: warm, namespace: vision}
        spec: {source: {uri: "s3://b"}, runtime: warm}
        ---
        apiVersion: sluice.io/v1alpha1
        kind: Dataset
        metadata: {name: by-scheme, namespace: text}
        spec: {source: {uri: "s3://b", options: {endpoint: "http://minio:9000"}}}
        ---
        apiVersion: sluice.io/v1alpha1
        kind: Dataset
        metadata: {name: by-one-of-two, namespace: text}
        spec: {source: {uri: "gs://b"}}
        """;

    private const string GoodDataset = """{"source":{"uri":"s3://b","options":{"endpoint":"http://minio:9000"}},"profile":"rclone"}""";

    [Fact]
    public async Task A_right_object_is_admitted_without_a_word()
    {
        var response = await AskAsync("CREATE", "Dataset", "imagenet", GoodDataset);
        Assert.True(response.GetProperty("allowed").GetBoolean());
        Assert.False(response.TryGetProperty("warnings", out _));
    }

    [Theory]
    [InlineData("Dataset", """{"source":{"uri":"nonsense"}}""", "Dataset vision/a is invalid: spec.source.uri: ")]
    [InlineData("Dataset", """{"source":{"uri":"s3://b","options":{"endpoint":"e","zone":"z"}},"profile":"rclone"}""", "spec.source.options[zone]: is not an option of the profile")]
    [InlineData("Dataset", """{"source":{"uri":"s3://b","options":{"endpoint":"e"}},"profile":"rclone","accessModes":["ReadWriteMany"]}""", "spec.accessModes: profile rclone cannot write")]
    [InlineData("Dataset", """{"source":{"uri":7}}""", "Dataset vision/a is invalid: spec.source.uri: ")]
    [InlineData("Runtime", """{"profile":"rclone","replicas":20}""", "20 workers do not fit the ring of 16")]
    [InlineData("RuntimeProfile", """{"fuse":{"image":"i:1","command":["c","${worker.hots}"]}}""", "RuntimeProfile a is invalid: spec.fuse.command[1]: ")]
    public async Task A_wrong_object_is_refused_with_its_fields(string kind, string spec, string message)
    {
        var response = await AskAsync("CREATE", kind, "a", spec);
        Assert.False(response.GetProperty("allowed").GetBoolean());
        Assert.Equal((422, "Invalid"), (response.GetProperty("status").GetProperty("code").GetInt32(), response.GetProperty("status").GetProperty("reason").GetString()));
        Assert.Contains(message, response.GetProperty("status").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Dataset", """{"source":{"uri":"s3://b"},"profile":"later"}""", "spec.profile: RuntimeProfile \"later\" does not exist")]
    [InlineData("Dataset", """{"source":{"uri":"s3://b"},"runtime":"later"}""", "spec.runtime: Runtime \"later\" does not exist")]
    [InlineData("Dataset", """{"source":{"uri":"gopher://b"}}""", "no RuntimeProfile serves the scheme gopher")]
    [InlineData("Runtime", """{"profile":"later"}""", "spec.profile: RuntimeProfile \"later\" does not exist")]
    [InlineData("DataLoad", """{"dataset":"later"}""", "spec.dataset: Dataset \"later\" does not exist")]
    public async Task What_is_named_and_not_there_yet_is_a_warning(string kind, string spec, string warning)
    {
        var response = await AskAsync("CREATE", kind, "a", spec);
        Assert.True(response.GetProperty("allowed").GetBoolean(), response.ToString());
        Assert.Contains(warning, Assert.Single(response.GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_wrong_already_does_not_stop_another_change()
    {
        const string Wrong = """{"source":{"uri":"s3://b","options":{"zone":"z"}},"profile":"rclone"}""";
        var same = await AskAsync("UPDATE", "Dataset", "a", Wrong, before: Wrong);
        Assert.True(same.GetProperty("allowed").GetBoolean());
        var worse = await AskAsync("UPDATE", "Dataset", "a", """{"source":{"uri":"s3://b","options":{"zone":"z","lane":"l"}},"profile":"rclone"}""", before: Wrong);
        string message = worse.GetProperty("status").GetProperty("message").GetString()!;
        Assert.Contains("options[lane]", message, StringComparison.Ordinal);
        Assert.DoesNotContain("options[zone]", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_object_that_is_going_may_lose_its_finalizers_whatever_is_wrong_with_it()
    {
        var response = await AskAsync("UPDATE", "Dataset", "a", """{"source":{"uri":"nonsense"}}""", before: GoodDataset,
            change: after => after["metadata"]!["deletionTimestamp"] = "2026-11-25T10:00:00Z");
        Assert.True(response.GetProperty("allowed").GetBoolean());
    }

    [Theory]
    [InlineData("DataLoad", """{"dataset":"warm"}""", """{"dataset":"other"}""", "spec.dataset: cannot change from \"warm\"")]
    [InlineData("Runtime", """{"profile":"rclone","worker":{"storage":{"size":"1Gi"}}}""", """{"profile":"rclone","worker":{"storage":{"size":"2Gi"}}}""", "spec.worker.storage: medium, size and storageClassName cannot change")]
    [InlineData("Runtime", """{"profile":"rclone"}""", """{"profile":"rclone","worker":{"storage":{"size":"2Gi"}}}""", "spec.worker.storage: medium, size and storageClassName cannot change")]
    public async Task What_cannot_change_in_the_cluster_does_not_change(string kind, string before, string after, string message)
    {
        var response = await AskAsync("UPDATE", kind, "a", after, before);
        Assert.Contains(message, response.GetProperty("status").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.True((await AskAsync("UPDATE", kind, "a", before, before)).GetProperty("allowed").GetBoolean());
    }

    [Fact]
    public async Task A_profile_that_is_used_stays()
    {
        var response = await AskAsync("DELETE", "RuntimeProfile", "rclone", null, before: """{"fuse":{"image":"i:1","command":["c"]}}""");
        Assert.Equal((409, "Conflict"), (response.GetProperty("status").GetProperty("code").GetInt32(), response.GetProperty("status").GetProperty("reason").GetString()));
        Assert.Equal(
            "RuntimeProfile rclone is used by Dataset text/by-scheme, Runtime vision/warm: let them use another profile, or delete them first",
            response.GetProperty("status").GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("unused")] // another serves its scheme
    [InlineData("never-there")]
    public async Task A_profile_that_nobody_needs_goes(string name) =>
        Assert.True((await AskAsync("DELETE", "RuntimeProfile", name, null, before: """{"fuse":{"image":"i:1","command":["c"]}}""")).GetProperty("allowed").GetBoolean());

    [Fact]
    public async Task What_is_not_ours_is_admitted_and_the_configuration_named()
    {
        var response = await AskAsync("CREATE", "Dataset", "a", """{"source":{"uri":"nonsense"}}""", group: "data.fluid.io");
        Assert.True(response.GetProperty("allowed").GetBoolean());
        Assert.Contains("limit the rules of its webhook configuration", response.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        Assert.True((await AskAsync("UPDATE", "Dataset", "a", """{"source":{"uri":"nonsense"}}""", before: GoodDataset, request: r => r["subResource"] = "status")).GetProperty("allowed").GetBoolean());
    }

    [Theory]
    [InlineData("object", "request.object is missing")]
    [InlineData("kind", "request.kind is missing")]
    [InlineData("operation", "request.operation is \"\"")]
    public async Task A_broken_review_is_refused_with_its_uid(string missing, string message)
    {
        var response = await AskAsync("CREATE", "Dataset", "a", GoodDataset, request: r => r.Remove(missing));
        Assert.Equal((Reviews.Uid, 400), (response.GetProperty("uid").GetString(), response.GetProperty("status").GetProperty("code").GetInt32()));
        Assert.Contains(message, response.GetProperty("status").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_review_without_a_uid_is_an_http_error()
    {
        await using var webhook = await RunningWebhook.StartAsync();
        var (status, body) = await webhook.PostAsync("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}"""u8.ToArray(), path: "/validate");
        Assert.Equal(400, status);
        Assert.Contains("request.uid is missing", body, StringComparison.Ordinal);
        Assert.Contains("sluice_webhook_validations_total{kind=\"\",reason=\"BadRequest\"} 1", await webhook.MetricsAsync(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> AskAsync(
        string operation, string kind, string name, string? spec, string? before = null, string group = "sluice.io", Action<JsonNode>? change = null, Action<JsonObject>? request = null)
    {
        var directory = new TemporaryDirectory(); // the webhook's from here on
        Directory.CreateDirectory(directory.File("catalog"));
        await File.WriteAllTextAsync(directory.File("catalog/all.yaml"), Catalog, TestContext.Current.CancellationToken);
        await using var webhook = await RunningWebhook.StartAsync(directory: directory);
        bool namespaced = kind is "Dataset" or "Runtime" or "DataLoad";
        JsonObject ObjectOf(string of)
        {
            var metadata = new JsonObject { ["name"] = name, ["uid"] = "u", ["resourceVersion"] = "7" };
            if (namespaced)
                metadata["namespace"] = "vision";
            return new() { ["apiVersion"] = $"{group}/v1alpha1", ["kind"] = kind, ["metadata"] = metadata, ["spec"] = JsonNode.Parse(of) };
        }
        var asked = new JsonObject
        {
            ["uid"] = Reviews.Uid,
            ["kind"] = new JsonObject { ["group"] = group, ["version"] = "v1alpha1", ["kind"] = kind },
            ["operation"] = operation,
            ["name"] = name,
            ["userInfo"] = new JsonObject { ["username"] = "ann" },
        };
        if (namespaced)
            asked["namespace"] = "vision";
        if (spec is not null)
        {
            asked["object"] = ObjectOf(spec);
            change?.Invoke(asked["object"]!);
        }
        if (before is not null)
            asked["oldObject"] = ObjectOf(before);
        request?.Invoke(asked);
        var review = new JsonObject { ["kind"] = "AdmissionReview", ["apiVersion"] = "admission.k8s.io/v1", ["request"] = asked };
        var (status, body) = await webhook.PostAsync(System.Text.Encoding.UTF8.GetBytes(review.ToJsonString()), path: "/validate");
        Assert.Equal(200, status);
        return JsonDocument.Parse(body).RootElement.GetProperty("response");
    }
}
