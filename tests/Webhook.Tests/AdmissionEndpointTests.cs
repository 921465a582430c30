using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Injection;

namespace Sluice.Webhook.Tests;

/// <summary>Every answer of <c>/mutate</c>, over HTTPS. The decision is a double that adds a label to any pod.</summary>
public sealed class AdmissionEndpointTests
{
    private const string Patch = """[{"op":"add","path":"/metadata/labels/a","value":"<b>+é"}]""";

    private static Decision AddLabel(PodRequest request, Catalog catalog, IBufferWriter<byte> patch)
    {
        patch.Write(Encoding.UTF8.GetBytes(Patch));
        return new Decision(DecisionKind.Patch, DecisionReason.Injected) { Datasets = ["vision/imagenet", "vision/coco"], Policies = ["gold"] };
    }

    private static async Task<JsonElement> DeniedAsync(string body, int code, string message, string? uid = Reviews.Uid)
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var response = await webhook.ReviewAsync(body);
        Assert.Equal(uid, response.GetProperty("uid").GetString());
        Assert.False(response.GetProperty("allowed").GetBoolean());
        Assert.False(response.TryGetProperty("patch", out _));
        Assert.Equal(code, response.GetProperty("status").GetProperty("code").GetInt32());
        Assert.Contains(message, response.GetProperty("status").GetProperty("message").GetString(), StringComparison.Ordinal);
        return response;
    }

    private static async Task<JsonElement> UntouchedAsync(string body)
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var response = await webhook.ReviewAsync(body);
        Assert.Equal(Reviews.Uid, response.GetProperty("uid").GetString());
        Assert.True(response.GetProperty("allowed").GetBoolean());
        Assert.False(response.TryGetProperty("patch", out _));
        return response;
    }

    [Fact]
    public async Task A_patch_comes_back_as_base64_with_its_audit_annotations()
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var (status, body) = await webhook.PostAsync(Reviews.Create());
        Assert.Equal(200, status);
        var review = JsonNode.Parse(body)!;
        Assert.Equal("admission.k8s.io/v1", (string?)review["apiVersion"]);
        Assert.Equal("AdmissionReview", (string?)review["kind"]);
        var response = review["response"]!;
        Assert.Equal(Reviews.Uid, (string?)response["uid"]);
        Assert.True((bool)response["allowed"]!);
        Assert.Equal("JSONPatch", (string?)response["patchType"]);
        Assert.Equal(Patch, Encoding.UTF8.GetString(Convert.FromBase64String((string)response["patch"]!)));
        Assert.Equal("""{"decision":"patch/Injected","dataset":"vision/imagenet,vision/coco","policy":"gold"}""", response["auditAnnotations"]!.ToJsonString());
    }

    [Fact]
    public async Task The_decision_sees_the_requests_namespace_operation_and_user()
    {
        PodRequest seen = default;
        var pod = "";
        await using var webhook = await RunningWebhook.StartAsync((request, _, _) =>
        {
            if (request.Namespace != "rehearsal")
                (seen, pod) = (request, request.Pod.GetRawText());
            return new Decision(DecisionKind.Unchanged, DecisionReason.NotAsked);
        });
        await webhook.ReviewAsync(Reviews.Create());
        Assert.Equal(("vision", "CREATE", "ann"), (seen.Namespace, seen.Operation, seen.User));
        Assert.StartsWith("""{"kind":"Pod","apiVersion":"v1","metadata":{"name":"trainer",""", pod, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, "BadRequest")]
    [InlineData(403, "Forbidden")]
    [InlineData(404, "NotFound")]
    [InlineData(409, "Conflict")]
    [InlineData(422, "Invalid")]
    [InlineData(500, "InternalError")]
    public async Task A_denial_has_code_reason_message_and_warnings(int code, string reason)
    {
        await using var webhook = await RunningWebhook.StartAsync((_, _, _) =>
            new Decision(DecisionKind.Deny, DecisionReason.Policy) { Code = code, Message = "no: do \"that\"", Warnings = ["old"] });
        var response = await webhook.ReviewAsync(Reviews.Create());
        Assert.False(response.GetProperty("allowed").GetBoolean());
        var status = response.GetProperty("status");
        Assert.Equal(code, status.GetProperty("code").GetInt32());
        Assert.Equal(reason, status.GetProperty("reason").GetString());
        Assert.Equal("no: do \"that\"", status.GetProperty("message").GetString());
        Assert.Equal("old", response.GetProperty("warnings")[0].GetString());
    }

    [Fact]
    public async Task What_a_denied_decision_wrote_as_patch_is_not_sent()
    {
        await using var webhook = await RunningWebhook.StartAsync((_, _, patch) =>
        {
            patch.Write("[{"u8);
            return new Decision(DecisionKind.Deny, DecisionReason.Policy) { Code = 403, Message = "no" };
        });
        Assert.False((await webhook.ReviewAsync(Reviews.Create())).TryGetProperty("patch", out _));
    }

    [Fact]
    public async Task An_exception_in_the_decision_denies_the_pod_and_is_logged_once()
    {
        await using var webhook = await RunningWebhook.StartAsync((request, _, patch) =>
        {
            if (request.Namespace == "rehearsal")
                return new Decision(DecisionKind.Unchanged, DecisionReason.NotAsked);
            patch.Write("[{\"op\":"u8);
            throw new InvalidOperationException("boom");
        });
        var response = await webhook.ReviewAsync(Reviews.Create());
        Assert.False(response.GetProperty("allowed").GetBoolean());
        Assert.False(response.TryGetProperty("patch", out _));
        Assert.Equal(500, response.GetProperty("status").GetProperty("code").GetInt32());
        Assert.Contains(Reviews.Uid, response.GetProperty("status").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Single(webhook.Log, line => line.Contains("boom", StringComparison.Ordinal));
        var second = await webhook.ReviewAsync(Reviews.Request(request => request["uid"] = "second"));
        Assert.Equal("second", second.GetProperty("uid").GetString());
    }

    [Fact]
    public async Task A_patch_without_operations_is_an_internal_error() =>
        await ExpectAsync((_, _, _) => new Decision(DecisionKind.Patch, DecisionReason.Injected), 500);

    private static async Task ExpectAsync(DecidePod decide, int code)
    {
        await using var webhook = await RunningWebhook.StartAsync(decide);
        var response = await webhook.ReviewAsync(Reviews.Create());
        Assert.Equal(code, response.GetProperty("status").GetProperty("code").GetInt32());
    }

    [Theory]
    [InlineData("705AB4F5 \t\" é 😀")]
    [InlineData("<script>&+'")]
    public async Task The_uid_comes_back_as_it_was(string uid)
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var response = await webhook.ReviewAsync(Reviews.Request(request => request["uid"] = uid));
        Assert.Equal(uid, response.GetProperty("uid").GetString());
    }

    [Theory]
    [InlineData("UPDATE")]
    [InlineData("DELETE")]
    [InlineData("CONNECT")]
    public async Task Other_operations_leave_the_object_alone_and_unread(string operation) =>
        await UntouchedAsync(Reviews.Request(request => (request["operation"], request["object"]) = (operation, 7)));

    [Theory]
    [InlineData("ephemeralcontainers", "Pod")]
    [InlineData("resize", "Pod")]
    [InlineData("status", "Pod")]
    [InlineData("binding", "Binding")]
    [InlineData("eviction", "Eviction")]
    public async Task Subresources_are_left_alone(string subresource, string kind) =>
        await UntouchedAsync(Reviews.Request(request => (request["subResource"], request["kind"]!["kind"]) = (subresource, kind)));

    [Fact]
    public async Task Other_kinds_are_admitted_with_a_warning_that_names_the_remedy()
    {
        var response = await UntouchedAsync(Reviews.Request(request =>
        {
            request["kind"] = JsonNode.Parse("""{"group":"apps","version":"v1","kind":"Deployment"}""");
            request["resource"] = JsonNode.Parse("""{"group":"apps","version":"v1","resource":"deployments"}""");
        }));
        var warning = response.GetProperty("warnings")[0].GetString();
        Assert.Contains("Deployment of apps/v1", warning, StringComparison.Ordinal);
        Assert.Contains("limit the rules", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_is_answered_like_a_real_run()
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var dry = await webhook.PostAsync(Reviews.Request(request => request["dryRun"] = true));
        Assert.Equal(await webhook.PostAsync(Reviews.Create()), dry);
        Assert.Contains(webhook.Log, line => line.Contains("\"dryRun\":true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_version_of_the_review_is_denied_in_that_version()
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var (status, body) = await webhook.PostAsync(Reviews.Create(review => review["apiVersion"] = "admission.k8s.io/v1beta1"));
        Assert.Equal(200, status);
        var review = JsonNode.Parse(body)!;
        Assert.Equal("admission.k8s.io/v1beta1", (string?)review["apiVersion"]);
        Assert.False((bool)review["response"]!["allowed"]!);
        Assert.Contains("admissionReviewVersions", (string?)review["response"]!["status"]!["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_version_of_the_review_is_denied() =>
        await DeniedAsync(Reviews.Create(review => review["apiVersion"] = "admission.k8s.io/v7"), 400, "admission.k8s.io/v7");

    [Fact]
    public async Task Another_kind_of_review_is_denied() =>
        await DeniedAsync(Reviews.Create(review => review["kind"] = "ConversionReview"), 400, "ConversionReview");

    [Theory]
    [InlineData("operation", "\"CRAETE\"")]
    [InlineData("operation", "5")]
    [InlineData("operation", "null")]
    [InlineData("namespace", "null")]
    [InlineData("namespace", "[]")]
    [InlineData("dryRun", "\"yes\"")]
    [InlineData("userInfo", "[]")]
    [InlineData("userInfo", "{\"username\":{}}")]
    [InlineData("kind", "null")]
    [InlineData("kind", "\"Pod\"")]
    [InlineData("resource", "{\"resource\":1}")]
    [InlineData("subResource", "{}")]
    [InlineData("object", "null")]
    [InlineData("object", "\"pod\"")]
    [InlineData("object", "[]")]
    [InlineData("object", "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\"}")]
    [InlineData("object", "{\"kind\":{},\"apiVersion\":\"v1\"}")]
    public async Task A_malformed_member_of_the_request_is_denied(string member, string json) =>
        await DeniedAsync(Reviews.Request(request => request[member] = JsonNode.Parse(json)), 400, "request." + member);

    [Theory]
    [InlineData("object")]
    [InlineData("kind")]
    [InlineData("namespace")]
    [InlineData("operation")]
    public async Task A_missing_member_of_the_request_is_denied(string member) =>
        await DeniedAsync(Reviews.Request(request => request.AsObject().Remove(member)), 400, member);

    [Fact]
    public async Task A_truncated_body_is_denied_with_its_uid() =>
        await DeniedAsync(Reviews.Create()[..400], 400, "not acceptable JSON");

    [Fact]
    public async Task A_key_that_comes_twice_is_denied() =>
        await DeniedAsync(Reviews.Create().Replace("\"name\":\"train\"", "\"name\":\"train\",\"n\\u0061me\":\"other\"", StringComparison.Ordinal), 400, "not acceptable JSON");

    [Fact]
    public async Task A_depth_bomb_is_denied() =>
        await DeniedAsync(
            Reviews.Create().Replace("\"spec\":{", $"\"spec\":{{\"x\":{new string('[', 100_000)}{new string(']', 100_000)},", StringComparison.Ordinal),
            400,
            "depth");

    [Fact]
    public async Task A_depth_bomb_before_the_uid_is_denied_with_the_uid() =>
        await DeniedAsync(
            $$$"""{"a":{{{new string('[', 1_000_000)}}}{{{new string(']', 1_000_000)}}},"request":{"b":{{{new string('[', 5000)}}}{{{new string(']', 5000)}}},"uid":"{{{Reviews.Uid}}}"}}""",
            400,
            "depth");

    [Theory]
    [InlineData("\\ud800")]
    [InlineData("\\udc00\\ud800")]
    [InlineData("a\\uD8ffb")]
    public async Task Half_a_surrogate_pair_is_denied(string escape) =>
        await DeniedAsync(Reviews.Create().Replace("trainer:1", escape, StringComparison.Ordinal), 400, "surrogate");

    [Fact]
    public async Task A_whole_surrogate_pair_is_fine()
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var response = await webhook.ReviewAsync(Reviews.Create().Replace("trainer:1", "\\ud83d\\ude00\\\\ud800", StringComparison.Ordinal));
        Assert.True(response.GetProperty("allowed").GetBoolean());
    }

    [Fact]
    public async Task Bytes_that_are_no_utf8_are_denied_with_the_uid()
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var bytes = Encoding.UTF8.GetBytes(Reviews.Create());
        bytes[Encoding.UTF8.GetString(bytes).IndexOf("trainer:1", StringComparison.Ordinal)] = 0xff;
        var (status, body) = await webhook.PostAsync(bytes);
        Assert.Equal(200, status);
        var response = JsonNode.Parse(body)!["response"]!;
        Assert.Equal(Reviews.Uid, (string?)response["uid"]);
        Assert.False((bool)response["allowed"]!);
        Assert.Contains("UTF-8", (string?)response["status"]!["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("pod")]
    [InlineData("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}""")]
    [InlineData("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":null}""")]
    [InlineData("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}""")]
    [InlineData("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":""}}""")]
    [InlineData("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":7}}""")]
    [InlineData("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"\ud800"}}""")]
    [InlineData("""{"uid":"a","request":[{"uid":"b"}]}""")]
    public async Task Without_a_uid_the_answer_is_a_400_in_plain_text(string body)
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var (status, text) = await webhook.PostAsync(body);
        Assert.Equal(400, status);
        Assert.True(text.Length > 10 && text.EndsWith('\n'), text);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/yaml")]
    [InlineData("application/json; charset=latin1")]
    public async Task Another_content_type_is_a_415(string? contentType)
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var (status, text) = await webhook.PostAsync(Encoding.UTF8.GetBytes(Reviews.Create()), contentType);
        Assert.Equal(415, status);
        Assert.Contains("application/json", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON;charset=\"UTF-8\"")]
    public async Task A_content_type_may_name_its_charset(string contentType)
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        Assert.Equal(200, (await webhook.PostAsync(Encoding.UTF8.GetBytes(Reviews.Create()), contentType)).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_above_6_MiB_is_a_413(bool announced)
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        using var client = RunningWebhook.NewClient(webhook.Host.Address, HttpVersion.Version11);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mutate") { Content = new ByteArrayContent(new byte[AdmissionEndpoint.MaxBody + 1]), Version = HttpVersion.Version11 };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = !announced;
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(413, (int)response.StatusCode);
        Assert.Contains("6 MiB", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_just_6_MiB_is_read()
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        var body = Reviews.Create();
        var (status, _) = await webhook.PostAsync(body.Insert(1, new string(' ', AdmissionEndpoint.MaxBody - Encoding.UTF8.GetByteCount(body))));
        Assert.Equal(200, status);
    }

    [Fact]
    public async Task Another_method_is_a_405_and_another_path_a_404()
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        using var got = await webhook.Client.GetAsync(new Uri("/mutate", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(405, (int)got.StatusCode);
        using var lost = await webhook.Client.GetAsync(new Uri("/other", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)lost.StatusCode);
    }

    [Fact]
    public async Task One_line_per_decision_holds_the_fields_and_nothing_of_the_pod()
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        await webhook.ReviewAsync(Reviews.Request(request => request["userInfo"]!["username"] = "eve\n{\"decision\":\"deny\"}\u2028\u0085"));
        var text = Assert.Single(webhook.Log, line => line.Contains(Reviews.Uid, StringComparison.Ordinal));
        Assert.DoesNotContain(text.TrimEnd(), c => c is '\n' or '\r' or '\u2028' or '\u0085');
        Assert.DoesNotContain("s3cret-value", text, StringComparison.Ordinal);
        var line = JsonDocument.Parse(text).RootElement;
        Assert.Equal("vision", line.GetProperty("namespace").GetString());
        Assert.Equal("trainer", line.GetProperty("pod").GetString());
        Assert.Equal("patch", line.GetProperty("decision").GetString());
        Assert.Equal("Injected", line.GetProperty("reason").GetString());
        Assert.Equal("vision/imagenet,vision/coco", line.GetProperty("datasets").GetString());
        Assert.Equal("gold", line.GetProperty("policies").GetString());
        Assert.False(line.GetProperty("dryRun").GetBoolean());
        Assert.True(line.GetProperty("durationMs").GetDouble() >= 0);
        Assert.StartsWith("eve {", line.GetProperty("user").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pod_without_a_name_is_logged_by_the_beginning_of_it()
    {
        await using var webhook = await RunningWebhook.StartAsync(AddLabel);
        await webhook.ReviewAsync(Reviews.Request(request => request["object"]!["metadata"] = JsonNode.Parse("""{"generateName":"job-x-"}""")));
        Assert.Contains(webhook.Log, line => line.Contains("\"pod\":\"job-x-\"", StringComparison.Ordinal));
    }
}
