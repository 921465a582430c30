using System.Text;
using Microsoft.Extensions.Time.Testing;
using Sluice.Testing.Cluster;

namespace Sluice.Kube.Tests;

/// <summary>A cluster of one API server, a pod's mount to reach it by, and a clock that stands still until it is moved.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    public static readonly ApiResource Widgets = new("example.org", "v1", "widgets", Namespaced: true);
    public const string WidgetsPath = "/apis/example.org/v1/widgets";

    private readonly string _directory = Directory.CreateTempSubdirectory("sluice-kube-").FullName;
    private readonly List<IDisposable> _clients = [];

    private Cluster(ApiServerDouble server) => Server = server;

    public ApiServerDouble Server { get; }
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<Cluster> StartAsync(params string[] hosts)
    {
        var cluster = new Cluster(await ApiServerDouble.StartAsync(hosts));
        cluster.Write("ca.crt", cluster.Server.AuthorityPem);
        cluster.Write("token", "first");
        return cluster;
    }

    public string File(string name) => Path.Combine(_directory, name);

    public void Write(string name, string text) => System.IO.File.WriteAllText(File(name), text);

    public InClusterAccess Access() => InClusterAccess.Open(Server.Address, _directory, Time);

    public ApiClient Client(ApiClientOptions? options = null) => Client(Access(), options);

    public ApiClient Client(ClusterAccess access, ApiClientOptions? options = null)
    {
        var client = new ApiClient(access, options ?? new ApiClientOptions { UserAgent = "tests/1" }, Time);
        _clients.Add(client);
        return client;
    }

    public string Put(string name, string spec = "{}", string ns = "default") => Server.Store.Put(WidgetsPath, Widget(name, spec, ns));

    public static string Widget(string name, string spec = "{}", string ns = "default") =>
        $$$"""{"apiVersion":"example.org/v1","kind":"Widget","metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}"},"spec":{{{spec}}}}""";

    public static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Waits in real time, with the clock of the cluster standing still.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what = "")
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 1000, $"not within 10 seconds: {what}");
            await Task.Delay(10, Token);
        }
    }

    /// <summary>Moves the clock in small steps, with time for what it sets going, until the condition holds; tells how far.</summary>
    public async Task<TimeSpan> PassUntilAsync(Func<bool> condition, TimeSpan most)
    {
        var started = Time.GetTimestamp();
        var step = TimeSpan.FromTicks(Math.Max(most.Ticks / 200, TimeSpan.TicksPerMillisecond));
        while (!condition())
        {
            Assert.True(Time.GetElapsedTime(started) <= most, $"not within {most}");
            Time.Advance(step);
            await Task.Delay(10, Token);
        }
        return Time.GetElapsedTime(started);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        await Server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
