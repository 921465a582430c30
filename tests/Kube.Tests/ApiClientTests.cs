using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Testing.Cluster;

namespace Sluice.Kube.Tests;

public sealed class ApiClientTests
{
    private static readonly ApiObject One = Cluster.Widgets.Object("default", "one");

    private static bool Any(HttpRequest request) => true;

    [Fact]
    public async Task An_object_comes_as_it_is_and_a_missing_one_as_nothing()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one", """{"unknown":{"to":["us"]}}""");
        var client = cluster.Client();
        var one = await client.GetAsync(One, Cluster.Token);
        Assert.Equal("""{"unknown":{"to":["us"]}}""", one.GetProperty("spec").GetRawText());
        Assert.Null(await client.TryGetAsync(Cluster.Widgets.Object("default", "two"), Cluster.Token));
        var error = await Assert.ThrowsAsync<ApiException>(() => client.GetAsync(Cluster.Widgets.Object("default", "two"), Cluster.Token));
        Assert.Equal("get widgets.example.org default/two: widgets \"two\" not found (404 NotFound)", error.Message);
    }

    [Fact]
    public async Task A_list_comes_page_by_page_and_each_object_once()
    {
        await using var cluster = await Cluster.StartAsync();
        for (var i = 0; i < 7; i++)
            cluster.Put($"w{i}");
        cluster.Put("elsewhere", ns: "other");
        var names = new List<string>();
        var version = await cluster.Client().ListAsync(
            Cluster.Widgets, "default", new ListQuery { Limit = 3, LabelSelector = "a in (b,c)" }, item => names.Add(item.GetProperty("metadata").GetProperty("name").GetString()!), Cluster.Token);
        Assert.Equal(["w0", "w1", "w2", "w3", "w4", "w5", "w6"], names, StringComparer.Ordinal);
        Assert.Equal(cluster.Server.Store.Version, version);
        Assert.Equal(3, cluster.Server.Requests.Count);
        Assert.All(cluster.Server.Requests, request => Assert.Equal("/apis/example.org/v1/namespaces/default/widgets", request.Path));
        Assert.All(cluster.Server.Requests, request => Assert.Equal("a in (b,c)", request.Query["labelSelector"]));
        Assert.All(cluster.Server.Requests, request => Assert.False(request.Query.ContainsKey("watch")));
    }

    [Theory]
    [InlineData("""{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a"}}""")]
    [InlineData("""{"metadata":{"resourceVersion":"1"},"items":{}}""")]
    [InlineData("""{"metadata":{},"items":[]}""")]
    [InlineData("""[]""")]
    [InlineData("")]
    [InlineData("no json")]
    public async Task An_answer_that_is_no_whole_list_is_an_error(string answer)
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Server.Next(Any, 200, answer);
        var error = await Assert.ThrowsAsync<ApiException>(() => cluster.Client().ListAsync(Cluster.Widgets, null, new ListQuery(), _ => { }, Cluster.Token));
        Assert.StartsWith("list widgets.example.org: the answer is no list: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_kind_of_write_is_asked_for_as_an_API_server_expects()
    {
        await using var cluster = await Cluster.StartAsync();
        var client = cluster.Client();
        await client.CreateAsync(Cluster.Widgets, "default", Cluster.Utf8(Cluster.Widget("one")), Cluster.Token);
        await client.ApplyAsync(One, Cluster.Utf8(Cluster.Widget("one", """{"a":1}""")), "sluice webhook", force: true, Cluster.Token);
        await client.ApplyAsync(One, Cluster.Utf8(Cluster.Widget("one", """{"a":1}""")), "m", force: false, Cluster.Token);
        await client.MergePatchAsync(One.Status, Cluster.Utf8("""{"status":{"b":2}}"""), Cluster.Token);
        await client.JsonPatchAsync(One, Cluster.Utf8("[]"), Cluster.Token);
        var last = await client.UpdateAsync(One, Cluster.Utf8(Cluster.Widget("one", """{"a":2}""")), Cluster.Token);
        Assert.Equal(2, last.GetProperty("spec").GetProperty("a").GetInt32());
        const string Object = "/apis/example.org/v1/namespaces/default/widgets/one";
        Assert.Equal(
            [
                "POST /apis/example.org/v1/namespaces/default/widgets application/json ",
                $"PATCH {Object} application/apply-patch+yaml fieldManager=sluice webhook&force=true",
                $"PATCH {Object} application/apply-patch+yaml fieldManager=m",
                $"PATCH {Object}/status application/merge-patch+json ",
                $"PATCH {Object} application/json-patch+json ",
                $"PUT {Object} application/json ",
            ],
            cluster.Server.Requests.Select(r => $"{r.Method} {r.Path} {r.ContentType} {string.Join('&', r.Query.Select(q => $"{q.Key}={q.Value}"))}"),
            StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_is_said_to_be_one_and_asked_once()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Server.Always(r => r.Query.GetValueOrDefault("dryRun") == "All", _ => (500, ApiStatus.Json(500, "InternalError", "failed calling webhook")));
        var error = await Assert.ThrowsAsync<ApiException>(() =>
            cluster.Client().DryRunCreateAsync(Cluster.Widgets, "default", Cluster.Utf8(Cluster.Widget("one")), Cluster.Token));
        Assert.Equal("failed calling webhook", error.StatusMessage);
        var request = Assert.Single(cluster.Server.Requests);
        Assert.Equal(("POST", "/apis/example.org/v1/namespaces/default/widgets"), (request.Method, request.Path));
    }

    [Fact]
    public async Task A_server_tells_its_version_and_one_that_does_not_answer_is_asked_once()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Server.Always(r => r.Path == "/version", _ => (200, """{"gitVersion":"v1.33.2"}"""));
        Assert.Equal("v1.33.2", (await cluster.Client().VersionAsync(Cluster.Token)).GetProperty("gitVersion").GetString());
        await cluster.Server.StopAsync();
        var error = await Assert.ThrowsAsync<ApiException>(() => cluster.Client().VersionAsync(Cluster.Token)); // the clock stands still: a second attempt would never come
        Assert.Equal(ApiException.Unreachable, error.Reason);
    }

    [Fact]
    public async Task An_update_of_an_old_version_and_a_delete_of_another_object_are_conflicts()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        var client = cluster.Client();
        var read = await client.GetAsync(One, Cluster.Token);
        cluster.Put("one", """{"changed":true}""");
        var uid = (await client.GetAsync(One, Cluster.Token)).GetProperty("metadata").GetProperty("uid").GetString();
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => client.UpdateAsync(One, Cluster.Utf8(read.GetRawText()), Cluster.Token))).IsConflict);
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => client.DeleteAsync(One, new DeletePreconditions("uid-of-another", null), Cluster.Token))).IsConflict);
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => client.DeleteAsync(One, new DeletePreconditions(null, "1"), Cluster.Token))).IsConflict);
        await client.DeleteAsync(One, new DeletePreconditions(uid, null), Cluster.Token);
        Assert.Null(await client.TryGetAsync(One, Cluster.Token));
        cluster.Put("one");
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => client.CreateAsync(Cluster.Widgets, "default", Cluster.Utf8(Cluster.Widget("one")), Cluster.Token))).IsConflict);
    }

    [Fact]
    public async Task Too_many_requests_are_repeated_when_the_server_says()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        cluster.Server.Next(Any, 429, ApiStatus.Json(429, "TooManyRequests", "later"), ("Retry-After", "7"));
        var get = cluster.Client().GetAsync(One, Cluster.Token);
        var waited = await cluster.PassUntilAsync(() => get.IsCompleted, TimeSpan.FromSeconds(20));
        await get;
        Assert.InRange(waited, TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(8));
        Assert.Equal(2, cluster.Server.Requests.Count);
    }

    [Fact]
    public async Task A_wait_that_does_not_fit_into_the_deadline_is_not_begun()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Server.Next(Any, 429, ApiStatus.Json(429, "TooManyRequests", "much later"), ("Retry-After", "31"));
        var error = await Assert.ThrowsAsync<ApiException>(() => cluster.Client().GetAsync(One, Cluster.Token));
        Assert.Equal(429, error.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(31), error.RetryAfter);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Errors_of_the_server_are_repeated_where_nothing_can_happen_twice(int status)
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        var client = cluster.Client();
        for (var i = 0; i < 3; i++)
            cluster.Server.Next(Any, status, "<html>bad day</html>");
        var get = client.GetAsync(One, Cluster.Token);
        await cluster.PassUntilAsync(() => get.IsCompleted, TimeSpan.FromSeconds(5));
        await get;
        Assert.Equal(4, cluster.Server.Requests.Count);

        cluster.Server.Next(Any, status, "<html>bad day</html>");
        var error = await Assert.ThrowsAsync<ApiException>(() => client.CreateAsync(Cluster.Widgets, "default", Cluster.Utf8(Cluster.Widget("two")), Cluster.Token));
        Assert.Equal($"create widgets.example.org in namespace default: <html>bad day</html> ({status} Http{status})", error.Message);
        cluster.Server.Next(Any, status, "<html>bad day</html>");
        await Assert.ThrowsAsync<ApiException>(() => client.JsonPatchAsync(One, Cluster.Utf8("[]"), Cluster.Token));
    }

    [Fact]
    public async Task A_server_that_is_slow_is_given_up_at_the_deadline()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        cluster.Server.Next(Any, context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var client = cluster.Client();
        var get = client.GetAsync(One, Cluster.Token, TimeSpan.FromMilliseconds(250));
        await Cluster.UntilAsync(() => cluster.Server.Requests.Count == 1);
        cluster.Time.Advance(TimeSpan.FromMilliseconds(250));
        var error = await Assert.ThrowsAsync<ApiException>(() => get);
        Assert.Equal(ApiException.DeadlineExceeded, error.Reason);
        Assert.Equal("get widgets.example.org default/one: no answer within 0.25 s", error.Message);
        await client.GetAsync(One, Cluster.Token, TimeSpan.FromMilliseconds(250));
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_told_so_and_not_of_a_deadline()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Server.Next(Any, context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var patience = new CancellationTokenSource();
        var get = cluster.Client().GetAsync(One, patience.Token);
        await Cluster.UntilAsync(() => cluster.Server.Requests.Count == 1);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => get);
    }

    [Fact]
    public async Task A_server_that_is_away_is_waited_for()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        var client = cluster.Client();
        await cluster.Server.StopAsync();
        var get = client.GetAsync(One, Cluster.Token);
        await cluster.PassUntilAsync(() => cluster.Time.GetUtcNow().Second >= 3, TimeSpan.FromSeconds(5));
        Assert.False(get.IsCompleted);
        await cluster.Server.StartAsync();
        // Its certificate is another one of the same authority.
        await cluster.PassUntilAsync(() => get.IsCompleted, TimeSpan.FromSeconds(10));
        await get;

        await cluster.Server.StopAsync();
        var error = await Assert.ThrowsAsync<ApiException>(() => client.CreateAsync(Cluster.Widgets, "default", Cluster.Utf8(Cluster.Widget("two")), Cluster.Token));
        Assert.StartsWith($"create widgets.example.org in namespace default: no answer from {cluster.Server.Address}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_cut_off_is_asked_for_again()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        cluster.Server.Next(Any, async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("{\"half\":", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
        });
        var get = cluster.Client().GetAsync(One, Cluster.Token);
        await cluster.PassUntilAsync(() => get.IsCompleted, TimeSpan.FromSeconds(5));
        Assert.Equal(JsonValueKind.Object, (await get).ValueKind);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    public async Task A_name_that_would_lead_elsewhere_is_not_asked_for(string name)
    {
        await using var cluster = await Cluster.StartAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.Client().GetAsync(Cluster.Widgets.Object("default", name), Cluster.Token));
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.Client().GetAsync(Cluster.Widgets.Object(name, "one"), Cluster.Token));
    }

    [Fact]
    public async Task What_stands_in_a_name_stays_in_the_name()
    {
        await using var cluster = await Cluster.StartAsync();
        await cluster.Client().TryGetAsync(Cluster.Widgets.Object("default", "a/b?c=d#e"), Cluster.Token);
        var request = Assert.Single(cluster.Server.Requests);
        Assert.Empty(request.Query);
        Assert.Equal("/apis/example.org/v1/namespaces/default/widgets/a%2Fb?c=d#e", request.Path);
    }

    [Fact]
    public async Task Calls_are_paced_when_a_limit_is_given()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("one");
        var client = cluster.Client(new ApiClientOptions { UserAgent = "tests/1", Limit = new TokenBucket(1, 2, cluster.Time) });
        var calls = Enumerable.Range(0, 4).Select(_ => client.GetAsync(One, Cluster.Token)).ToList();
        await Cluster.UntilAsync(() => calls.Count(call => call.IsCompleted) == 2);
        await Task.Delay(50, Cluster.Token);
        Assert.Equal(2, cluster.Server.Requests.Count);
        cluster.Time.Advance(TimeSpan.FromSeconds(1));
        await Cluster.UntilAsync(() => calls.Count(call => call.IsCompleted) == 3);
        cluster.Time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task A_list_is_read_while_it_arrives_however_it_is_cut()
    {
        const string List = """
            {"apiVersion":"v1","items":[{"metadata":{"name":"a\"]}"},"x":[1,{"y":null}]},{"metadata":{"name":"b"}}],"kind":"List","metadata":{"continue":"","resourceVersion":"7"}}
            """;
        for (var size = 1; size < 20; size++)
        {
            var names = new List<string>();
            using var body = new Pieces(Encoding.UTF8.GetBytes(List), size);
            var page = await ListReader.ReadAsync(body, item => names.Add(item.GetProperty("metadata").GetProperty("name").GetString()!), Cluster.Token);
            Assert.Equal(["a\"]}", "b"], names, StringComparer.Ordinal);
            Assert.Equal(new ListPage("7", null), page);
        }
        var none = await ListReader.ReadAsync(new MemoryStream("""{"items":null,"metadata":{"resourceVersion":"7","continue":"c"}}"""u8.ToArray()), _ => Assert.Fail(), Cluster.Token);
        Assert.Equal(new ListPage("7", "c"), none);
    }

    [Fact]
    public async Task An_object_larger_than_the_buffer_is_read_and_one_beyond_all_bounds_is_not()
    {
        static MemoryStream List(int size) => new(Encoding.UTF8.GetBytes(
            $$$"""{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"},"x":"{{{new string('x', size)}}}"}]}"""));
        var lengths = new List<int>();
        await ListReader.ReadAsync(List(1_000_000), item => lengths.Add(item.GetProperty("x").GetString()!.Length), Cluster.Token);
        Assert.Equal([1_000_000], lengths);
        await Assert.ThrowsAsync<JsonException>(() => ListReader.ReadAsync(List(17 * 1024 * 1024), _ => { }, Cluster.Token));
    }

    /// <summary>A body that arrives in pieces.</summary>
    private sealed class Pieces(byte[] text, int size) : MemoryStream(text)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, size)], cancellationToken);
    }
}
