using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Testing.Cluster;

namespace Sluice.Kube.Tests;

/// <summary>What a reflector says is what the server has, whatever happens in between.</summary>
public sealed class ReflectorTests
{
    private static bool IsWatch(HttpRequest request) => request.Query["watch"] == "true";
    private static bool IsList(HttpRequest request) => request.Method == "GET" && !IsWatch(request);

    private static int Lists(Cluster cluster) => cluster.Server.Requests.Count(r => r.Query.GetValueOrDefault("watch") != "true");

    [Fact]
    public async Task Everything_is_listed_in_pages_and_then_watched()
    {
        await using var cluster = await Cluster.StartAsync();
        for (var i = 0; i < 5; i++)
            cluster.Put($"w{i}", $$"""{"n":{{i}}}""");
        await using var mirror = Mirror.Of(cluster, new ListQuery { Limit = 2 });
        await mirror.UntilAsync("default/w0=0 default/w1=1 default/w2=2 default/w3=3 default/w4=4");
        Assert.Equal([(2, false), (2, false), (1, true)], mirror.Batches);

        cluster.Put("w5", """{"n":5}""");
        cluster.Put("w1", """{"n":11}""");
        cluster.Server.Store.Delete(Cluster.WidgetsPath, "default", "w0");
        await mirror.UntilAsync("default/w1=11 default/w2=2 default/w3=3 default/w4=4 default/w5=5");
        Assert.Equal(3, Lists(cluster));
        Assert.Equal(0, mirror.Reflector.WatchErrors);
        Assert.Equal(0, mirror.Reflector.Relists);
        Assert.Equal(cluster.Time.GetUtcNow(), mirror.Reflector.HeardAt);
    }

    [Fact]
    public async Task A_watch_that_the_server_ends_goes_on_where_it_was_without_a_list()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("a", """{"n":1}""");
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        cluster.Time.Advance(TimeSpan.FromMinutes(1));
        cluster.Server.Watches.End();
        await Cluster.UntilAsync(() => cluster.Server.Requests.Count == 3);
        cluster.Put("b", """{"n":2}""");
        await mirror.UntilAsync("default/a=1 default/b=2");
        Assert.Equal(1, Lists(cluster));
        Assert.Equal(0, mirror.Reflector.WatchErrors);
    }

    [Fact]
    public async Task A_bookmark_moves_the_place_where_a_watch_goes_on()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        cluster.Server.Store.Put("/apis/example.org/v1/others", """{"metadata":{"name":"x"}}""");
        cluster.Time.Advance(TimeSpan.FromMinutes(1));
        await cluster.Server.Watches.BookmarkAsync();
        await Cluster.UntilAsync(() => mirror.Reflector.HeardAt == cluster.Time.GetUtcNow());
        cluster.Server.Watches.End();
        await Cluster.UntilAsync(() => cluster.Server.Requests.Count == 3);
        Assert.Equal(cluster.Server.Store.Version, cluster.Server.Requests.Last().Query["resourceVersion"]);
        Assert.Equal("true", cluster.Server.Requests.Last().Query["allowWatchBookmarks"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_place_that_the_server_forgot_leads_to_a_new_list_that_tells_what_is_gone(bool asStatus)
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("stays", """{"n":1}""");
        cluster.Put("changes", """{"n":1}""");
        cluster.Put("goes", """{"n":1}""");
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        cluster.Server.Watches.Silent = true;
        cluster.Put("changes", """{"n":2}""");
        cluster.Server.Store.Delete(Cluster.WidgetsPath, "default", "goes");
        cluster.Put("comes", """{"n":1}""");
        cluster.Server.Store.Compact();
        cluster.Server.Watches.Silent = false;
        if (asStatus)
            cluster.Server.Next(IsWatch, 410, ApiStatus.Json(410, "Expired", "too old resource version"));
        cluster.Server.Watches.End();
        await cluster.PassUntilAsync(() => mirror.Reflector.Relists == 1, TimeSpan.FromSeconds(20));
        await mirror.UntilAsync("default/changes=2 default/comes=1 default/stays=1");
        Assert.Equal(2, Lists(cluster));
        Assert.Equal(1, mirror.Reflector.WatchErrors);
        // What is as it was is not told again.
        Assert.Equal((3, true), mirror.Batches.Last(batch => batch.Listed));
    }

    [Fact]
    public async Task A_connection_that_breaks_within_an_event_loses_nothing()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        await cluster.Server.Watches.SendAsync("""{"type":"ADDED","object":{"metadata":{"name":"half",""");
        await Cluster.UntilAsync(() => mirror.Reflector.HeardAt is not null);
        cluster.Server.Watches.Cut();
        await Cluster.UntilAsync(() => mirror.Reflector.WatchErrors == 1);
        cluster.Put("whole", """{"n":1}""");
        await cluster.PassUntilAsync(() => mirror.Text == "default/whole=1", TimeSpan.FromSeconds(20));
        Assert.Equal(1, Lists(cluster));
        Assert.StartsWith("watch widgets.example.org: the connection broke: ", Assert.Single(mirror.Troubles), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_silent_is_left_for_another()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        cluster.Server.Watches.Silent = true;
        cluster.Put("a", """{"n":1}""");
        cluster.Time.Advance(TimeSpan.FromMinutes(2) - TimeSpan.FromSeconds(1));
        await Task.Delay(50, Cluster.Token);
        Assert.Equal(0, mirror.Reflector.WatchErrors);
        cluster.Time.Advance(TimeSpan.FromSeconds(1));
        await Cluster.UntilAsync(() => mirror.Reflector.WatchErrors == 1);
        cluster.Server.Watches.Silent = false;
        await cluster.PassUntilAsync(() => mirror.Text == "default/a=1", TimeSpan.FromSeconds(20));
        Assert.Equal("watch widgets.example.org: nothing was heard for 120 s", Assert.Single(mirror.Troubles));
        Assert.Equal(1, Lists(cluster));
    }

    [Fact]
    public async Task A_watch_that_the_server_does_not_end_in_time_is_ended_here()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        var timeout = int.Parse(cluster.Server.Requests.Last().Query["timeoutSeconds"], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(timeout, 240, 480);
        for (var passed = 0; passed < timeout + 15; passed += 60)
        {
            Assert.Equal(0, mirror.Reflector.WatchErrors);
            cluster.Time.Advance(TimeSpan.FromSeconds(60));
            await cluster.Server.Watches.BookmarkAsync();
            await Cluster.UntilAsync(() => mirror.Reflector.HeardAt == cluster.Time.GetUtcNow() || mirror.Reflector.WatchErrors > 0);
        }
        await Cluster.UntilAsync(() => mirror.Reflector.WatchErrors == 1);
        Assert.Contains("did not end the watch in time", Assert.Single(mirror.Troubles), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_object_that_cannot_be_used_keeps_no_other_back()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("a", """{"n":"text"}""");
        cluster.Put("b", """{"n":2}""");
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilAsync("default/a=! default/b=2");
        Assert.Equal(1, mirror.Reflector.Refused);
        Assert.StartsWith("widgets.example.org default/a: ", Assert.Single(mirror.Troubles), StringComparison.Ordinal);

        cluster.Put("b", """{"n":-1}""");
        cluster.Put("c", """{"n":3}""");
        await mirror.UntilAsync("default/a=! default/b=! default/c=3");
        Assert.Equal("widgets.example.org default/b: is negative", mirror.Troubles.Last());
        cluster.Put("a", """{"n":1}""");
        await mirror.UntilAsync("default/a=1 default/b=! default/c=3");
        cluster.Server.Store.Delete(Cluster.WidgetsPath, "default", "b");
        await mirror.UntilAsync("default/a=1 default/c=3");
    }

    [Fact]
    public async Task An_event_that_is_no_JSON_leads_to_a_new_list()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        await cluster.Server.Watches.SendAsync("\n{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"z\",\"resourceVersion\":\"1\"},\"spec\":{\"n\":1}}}\nno json\n");
        await cluster.PassUntilAsync(() => mirror.Reflector.Relists == 1, TimeSpan.FromSeconds(20));
        await mirror.UntilAsync(""); // z was told of by the event before, and the list does not know it
        Assert.Contains("an event that is no JSON", Assert.Single(mirror.Troubles), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_in_the_stream_leads_to_a_new_list()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        await cluster.Server.Watches.SendAsync($"{{\"type\":\"ERROR\",\"object\":{ApiStatus.Json(500, "InternalError", "etcd had a bad day")}}}\n");
        await cluster.PassUntilAsync(() => mirror.Reflector.Relists == 1, TimeSpan.FromSeconds(20));
        Assert.Equal("watch widgets.example.org: etcd had a bad day (500 InternalError)", Assert.Single(mirror.Troubles));
    }

    [Fact]
    public async Task A_list_that_fails_in_the_middle_begins_again()
    {
        await using var cluster = await Cluster.StartAsync();
        for (var i = 0; i < 4; i++)
            cluster.Put($"w{i}", """{"n":1}""");
        cluster.Server.Next(request => IsList(request) && request.Query["continue"] == "2", 410, ApiStatus.Json(410, "Expired", "the provided continue parameter is too old"));
        await using var mirror = Mirror.Of(cluster, new ListQuery { Limit = 2 });
        await cluster.PassUntilAsync(() => mirror.Batches.Any(batch => batch.Listed), TimeSpan.FromSeconds(20));
        await mirror.UntilAsync("default/w0=1 default/w1=1 default/w2=1 default/w3=1");
        Assert.Equal([(2, false), (0, false), (2, true)], mirror.Batches);
        Assert.Equal(0, mirror.Reflector.Relists);
    }

    [Fact]
    public async Task A_token_that_was_renewed_is_used_by_the_watch_too()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        cluster.Write("token", "second");
        cluster.Server.RequiredToken = "second";
        cluster.Put("a", """{"n":1}""");
        cluster.Server.Watches.End();
        await cluster.PassUntilAsync(() => mirror.Text == "default/a=1" && cluster.Server.Requests.Last().Authorization == "Bearer second", TimeSpan.FromSeconds(20));
        await cluster.PassUntilAsync(() => cluster.Server.Watches.Count == 1, TimeSpan.FromSeconds(20));
        Assert.Equal(0, mirror.Reflector.WatchErrors);
        Assert.Equal("Bearer second", cluster.Server.Requests.Last().Authorization);
    }

    [Fact]
    public async Task A_server_that_is_too_busy_for_a_watch_is_left_alone_as_long_as_it_says()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Server.Next(IsWatch, 429, ApiStatus.Json(429, "TooManyRequests", "later"), ("Retry-After", "40"));
        await using var mirror = Mirror.Of(cluster);
        await Cluster.UntilAsync(() => mirror.Reflector.WatchErrors == 1);
        var waited = await cluster.PassUntilAsync(() => cluster.Server.Watches.Count == 1, TimeSpan.FromMinutes(1));
        Assert.InRange(waited, TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(42));
        Assert.Equal(1, Lists(cluster));
    }

    [Fact]
    public async Task A_server_that_refuses_the_place_again_and_again_is_asked_for_a_list()
    {
        await using var cluster = await Cluster.StartAsync();
        for (var i = 0; i < 3; i++)
            cluster.Server.Next(IsWatch, 504, ApiStatus.Json(504, "Timeout", "Too large resource version: 900, current: 100"));
        await using var mirror = Mirror.Of(cluster);
        await cluster.PassUntilAsync(() => mirror.Reflector.Relists == 1, TimeSpan.FromMinutes(1));
        Assert.Equal(3, mirror.Reflector.WatchErrors);
    }

    [Fact]
    public async Task A_server_that_closes_every_watch_at_once_is_asked_less_and_less_often()
    {
        await using var cluster = await Cluster.StartAsync();
        for (var i = 0; i < 8; i++)
            cluster.Server.Next(IsWatch, 200, "");
        await using var mirror = Mirror.Of(cluster);
        var waited = await cluster.PassUntilAsync(() => cluster.Server.Watches.Count == 1, TimeSpan.FromMinutes(2));
        Assert.InRange(waited, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60)); // 0.5 1 2 4 8 10 10 10, or half of that
    }

    [Fact]
    public async Task A_server_that_is_restarted_costs_no_list()
    {
        await using var cluster = await Cluster.StartAsync();
        cluster.Put("a", """{"n":1}""");
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        await cluster.Server.StopAsync();
        await cluster.PassUntilAsync(() => mirror.Reflector.WatchErrors >= 3, TimeSpan.FromSeconds(30));
        cluster.Put("b", """{"n":2}""");
        await cluster.Server.StartAsync();
        await cluster.PassUntilAsync(() => mirror.Text == "default/a=1 default/b=2", TimeSpan.FromSeconds(30));
        Assert.Equal(1, Lists(cluster));
    }

    [Fact]
    public async Task A_reflector_that_is_told_to_stop_stops_while_it_waits()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var mirror = Mirror.Of(cluster);
        await mirror.UntilWatchingAsync();
        await cluster.Server.StopAsync();
        await Cluster.UntilAsync(() => mirror.Reflector.WatchErrors == 1);
        await mirror.DisposeAsync();
    }

    /// <summary>What a reflector of Widgets has told, kept as a text: each with its <c>spec.n</c>, or <c>!</c> when it cannot be used.</summary>
    private sealed class Mirror : IAsyncDisposable
    {
        private readonly ConcurrentDictionary<ObjectKey, string> _objects = [];
        private readonly CancellationTokenSource _stop = new();
        private readonly Cluster _cluster;
        private Task _running = Task.CompletedTask;

        private Mirror(Cluster cluster, ListQuery query)
        {
            _cluster = cluster;
            Reflector = new Reflector<string>(
                cluster.Client(), new ReflectorOptions { Resource = Cluster.Widgets, Query = query }, Project, Apply, Troubles.Enqueue, cluster.Time);
        }

        public Reflector<string> Reflector { get; }
        public ConcurrentQueue<string> Troubles { get; } = [];
        public ConcurrentQueue<(int Changes, bool Listed)> Batches { get; } = [];
        public string Text => string.Join(' ', _objects.OrderBy(o => o.Key.ToString(), StringComparer.Ordinal).Select(o => $"{o.Key}={o.Value}"));

        public static Mirror Of(Cluster cluster, ListQuery? query = null)
        {
            var mirror = new Mirror(cluster, query ?? new ListQuery());
            mirror._running = mirror.Reflector.RunAsync(mirror._stop.Token);
            return mirror;
        }

        public Task UntilAsync(string text) => Cluster.UntilAsync(() => Text == text, $"\"{Text}\" is not \"{text}\"");

        public Task UntilWatchingAsync() => Cluster.UntilAsync(() => _cluster.Server.Watches.Count == 1 && Batches.Any(batch => batch.Listed));

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        }

        private static string? Project(ObjectKey key, JsonElement source, out string? problem)
        {
            var n = source.GetProperty("spec").GetProperty("n").GetInt32();
            problem = n < 0 ? "is negative" : null;
            return n < 0 ? null : $"{n}";
        }

        private void Apply(ReflectedBatch<string> batch)
        {
            foreach (var change in batch.Changes)
            {
                if (change.IsGone)
                    _objects.TryRemove(change.Key, out _);
                else
                    _objects[change.Key] = change.Value ?? "!";
            }
            Batches.Enqueue((batch.Changes.Count, batch.Listed));
        }
    }
}
