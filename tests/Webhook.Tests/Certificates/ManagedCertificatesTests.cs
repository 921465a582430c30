using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Sluice.Testing.Cluster;
using Sluice.Webhook.Certificates;

namespace Sluice.Webhook.Tests.Certificates;

/// <summary>Two replicas of a webhook and their cluster, seen as its API servers see them: by what the webhook configurations say.</summary>
public sealed class ManagedCertificatesTests
{
    private const string Secrets = "/api/v1/secrets";
    private const string Mutating = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    private const string Validating = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    private const string Host = "sluice-webhook.sluice-system.svc";

    private static readonly WebhookOptions.ServiceName Service = new("sluice-system", "sluice-webhook");

    private static async Task<ApiServerDouble> NewServerAsync()
    {
        var server = await ClusterWebhook.NewServerAsync();
        server.Store.Put(ClusterWebhook.Datasets, ClusterWebhook.Dataset("imagenet"));
        server.Store.Put(Secrets, """{"metadata":{"name":"sluice-webhook-certificates","namespace":"sluice-system"},"type":"Opaque"}""");
        foreach (var configurations in (string[])[Mutating, Validating])
            server.Store.Put(configurations, """{"metadata":{"name":"sluice-webhook"},"webhooks":[{"name":"a.sluice.io","clientConfig":{"service":{"name":"sluice-webhook"}}}]}""");
        return server;
    }

    private static string? Bundle(ApiServerDouble server, string configurations = Mutating) =>
        (string?)server.Store.Find(configurations, null, "sluice-webhook")!["webhooks"]![0]!["clientConfig"]!["caBundle"];

    private static string? Leaf(ApiServerDouble server) => (string?)server.Store.Find(Secrets, "sluice-system", "sluice-webhook-certificates")!["data"]?["tls.crt"];

    /// <summary>
    /// Waits, while <paramref name="time"/> goes on in small steps. Each lasts as long as a round trip of another kind does now: on a busy
    /// machine the clock goes slower too.
    /// </summary>
    private static async Task UntilAsync(Func<bool> condition, string what, FakeTimeProvider? time = null, Func<Task>? roundTrip = null)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 3000, $"not within 3000 steps: {what}");
            time?.Advance(TimeSpan.FromSeconds(1));
            if (roundTrip is not null)
                await roundTrip();
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task An_empty_Secret_is_filled_and_the_configurations_believe_it()
    {
        var server = await NewServerAsync();
        await using var cluster = await ClusterWebhook.StartAsync(server, service: Service);
        await UntilAsync(() => Bundle(server) is not null && Bundle(server) == Bundle(server, Validating), "both bundles");
        Assert.All(
            server.Requests.Where(r => r.Method == "PATCH" && r.Path.StartsWith("/apis/admissionregistration", StringComparison.Ordinal)),
            request => Assert.Equal(
                ("application/apply-patch+yaml", "sluice-webhook-certificates", "true"),
                (request.ContentType, request.Query["fieldManager"], request.Query["force"])));

        using var api = new ApiServerView(server, TimeProvider.System);
        Assert.Equal(200, await api.ReviewAsync(cluster.Webhook.Host.Address));
        var metrics = await cluster.Webhook.MetricsAsync();
        Assert.Contains("sluice_webhook_certificate_leader{} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("sluice_webhook_certificate_renewal_errors_total{} 0", metrics, StringComparison.Ordinal);
        Assert.Contains("sluice_webhook_certificate_authority_not_after_timestamp_seconds{} ", metrics, StringComparison.Ordinal);
        Assert.Contains(server.Requests, r => r.Method == "POST" && r.Path.EndsWith("/namespaces/sluice-system/events", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bundle_that_somebody_removes_is_put_back()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var server = await NewServerAsync();
        await using var cluster = await ClusterWebhook.StartAsync(server, time, service: Service);
        await UntilAsync(() => Bundle(server) is not null, "a bundle");
        var bundle = Bundle(server);
        server.Store.Put(Mutating, """{"metadata":{"name":"sluice-webhook"},"webhooks":[{"name":"a.sluice.io","clientConfig":{}},{"name":"b.sluice.io","clientConfig":{}}]}""");
        await UntilAsync(() => Bundle(server) == bundle, "the bundle again", time);
        Assert.Equal(bundle, (string?)server.Store.Find(Mutating, null, "sluice-webhook")!["webhooks"]![1]!["clientConfig"]!["caBundle"]);
    }

    [Fact]
    public async Task A_Secret_that_is_missing_is_said_and_waited_for()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var server = await ClusterWebhook.NewServerAsync();
        await using var cluster = await ClusterWebhook.StartAsync(server, time, awaitReady: false, service: Service);
        await UntilAsync(() => cluster.Webhook.Log.Any(line => line.Contains("apply the manifests, which hold it", StringComparison.Ordinal)), "a word about it");
        Assert.False((await cluster.Webhook.ReadyzAsync()).GetProperty("ready").GetBoolean());
        server.Store.Put(Secrets, """{"metadata":{"name":"sluice-webhook-certificates","namespace":"sluice-system"}}""");
        await UntilAsync(() => Leaf(server) is not null, "certificates", time);
        await cluster.Webhook.UntilReadyzAsync(page => page.GetProperty("ready").GetBoolean());
    }

    [Fact]
    public async Task A_Secret_with_nonsense_in_it_is_made_anew()
    {
        var server = await NewServerAsync();
        server.Store.Put(Secrets, """{"metadata":{"name":"sluice-webhook-certificates","namespace":"sluice-system"},"data":{"ca.crt":"bm8=","notes":"eA=="}}""");
        await using var cluster = await ClusterWebhook.StartAsync(server, service: Service);
        Assert.Equal("eA==", (string?)server.Store.Find(Secrets, "sluice-system", "sluice-webhook-certificates")!["data"]!["notes"]);
        Assert.Contains(cluster.Webhook.Log, line => line.Contains("secrets sluice-system/sluice-webhook-certificates is made anew: ca.crt holds 0 certificates", StringComparison.Ordinal) || line.Contains("is made anew: ca.key is missing", StringComparison.Ordinal));
        using var api = new ApiServerView(server, TimeProvider.System);
        await UntilAsync(() => Bundle(server) is not null, "a bundle");
        Assert.Equal(200, await api.ReviewAsync(cluster.Webhook.Host.Address));
    }

    [Fact]
    public async Task Two_rotations_of_authority_and_serving_certificate_cost_no_request()
    {
        const int Requests = 10_000;
        const int Workers = 8;
        const int KeptAlive = 6; // of the workers; the others connect anew for each request
        var token = TestContext.Current.CancellationToken;
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var server = await NewServerAsync();
        await using var first = await ClusterWebhook.StartAsync(server, time, service: Service);
        await using var second = await RunningReplica.StartAsync(server, time, Service);
        Uri[] replicas = [first.Webhook.Host.Address, second.Webhook.Host.Address];
        await UntilAsync(() => Bundle(server) is not null, "a bundle", time);
        using var api = new ApiServerView(server, time);

        var (sent, rotated) = (0, false);
        var workers = Enumerable.Range(0, Workers).Select(worker => Task.Run(
            async () =>
            {
                var client = worker < KeptAlive ? api.NewClient(replicas[worker % 2]) : null;
                for (var i = 0; !Volatile.Read(ref rotated) || Volatile.Read(ref sent) < Requests; i++)
                {
                    var status = client is null ? await api.ReviewAsync(replicas[i % 2]) : await ApiServerView.ReviewAsync(client);
                    Assert.Equal(200, status);
                    Interlocked.Increment(ref sent);
                    await Task.Delay(20, token);
                }
                client?.Dispose();
            },
            token)).ToList();

        var authorities = new HashSet<string>(StringComparer.Ordinal);
        var leaves = new HashSet<string>(StringComparer.Ordinal);
        void Look()
        {
            authorities.Add(Bundle(server)!);
            leaves.Add(Leaf(server)!);
        }

        Look();
        // Each leap finds the serving certificate due, the fourth and the eighth the authority too.
        for (var leap = 1; leap <= 8; leap++)
        {
            var before = Leaf(server);
            time.Advance(TimeSpan.FromDays(75));
            // Until whoever leads then has done everything that was due, and both replicas serve it.
            await UntilAsync(
                () =>
                {
                    Look();
                    Assert.DoesNotContain(workers, worker => worker.IsFaulted);
                    return Leaf(server) != before && api.Serves(replicas, Leaf(server)!) && IsAtRest(server, time);
                },
                $"rest after leap {leap}",
                time,
                async () => await api.ReviewAsync(replicas[0]));
        }
        Volatile.Write(ref rotated, true);
        await Task.WhenAll(workers);
        Assert.InRange(sent, Requests, int.MaxValue);
        Assert.InRange(authorities.Count, 3, 6); // bundles: one authority, two, another two; and without those that ended
        Assert.Equal(9, leaves.Count);
        Assert.InRange(api.Handshakes, Requests / 10, int.MaxValue);
    }

    /// <summary>The Secret asks for no renewal, and the configurations hold its bundle.</summary>
    private static bool IsAtRest(ApiServerDouble server, TimeProvider time)
    {
        var secret = System.Text.Json.JsonElement.Parse(server.Store.Find(Secrets, "sluice-system", "sluice-webhook-certificates")!.ToJsonString());
        var set = CertificateSet.Read(secret, out _);
        return set is not null
            && Renewal.Next(set, [Host], time.GetUtcNow(), inForce: true) is null
            && Bundle(server) == Convert.ToBase64String(Encoding.ASCII.GetBytes(set.Bundle));
    }

    /// <summary>A second webhook on the same cluster.</summary>
    private sealed class RunningReplica(ClusterWebhook cluster) : IAsyncDisposable
    {
        public RunningWebhook Webhook => cluster.Webhook;

        public static async Task<RunningReplica> StartAsync(ApiServerDouble server, FakeTimeProvider time, WebhookOptions.ServiceName service) =>
            new(await ClusterWebhook.StartAsync(server, time, service: service));

        public ValueTask DisposeAsync() => cluster.Webhook.DisposeAsync(); // the server goes with the first one
    }

    /// <summary>
    /// How an API server calls: it believes the bundle of the webhook configuration as it was a minute ago, and nothing else, for the
    /// Service's name.
    /// </summary>
    private sealed class ApiServerView(ApiServerDouble server, TimeProvider time) : IDisposable
    {
        private static readonly TimeSpan Lag = TimeSpan.FromMinutes(1);
        private static readonly byte[] Body = Encoding.UTF8.GetBytes(Reviews.Create());

        private readonly Lock _gate = new();
        private readonly List<(DateTimeOffset At, string Bundle)> _bundles = []; // guarded by _gate
        private readonly Dictionary<int, string> _served = []; // guarded by _gate; by port
        private int _handshakes;

        public int Handshakes => _handshakes;

        public HttpClient NewClient(Uri replica) => new(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, replica.Port, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsBelieved((X509Certificate2)certificate!, errors, replica.Port) },
        })
        {
            BaseAddress = new Uri($"https://{Host}/"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        public async Task<int> ReviewAsync(Uri replica)
        {
            using var client = NewClient(replica);
            return await ReviewAsync(client);
        }

        public static async Task<int> ReviewAsync(HttpClient client)
        {
            using var content = new ByteArrayContent(Body) { Headers = { ContentType = new("application/json") } };
            using var response = await client.PostAsync(new Uri("/mutate", UriKind.Relative), content, TestContext.Current.CancellationToken);
            return (int)response.StatusCode;
        }

        /// <summary>Whether the last handshake with each replica showed this certificate (base64 of its PEM).</summary>
        public bool Serves(Uri[] replicas, string leaf)
        {
            using var wanted = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(Convert.FromBase64String(leaf)));
            lock (_gate)
                return replicas.All(replica => _served.GetValueOrDefault(replica.Port) == wanted.Thumbprint);
        }

        public void Dispose()
        {
            lock (_gate)
                _bundles.Clear();
        }

        private bool IsBelieved(X509Certificate2 certificate, SslPolicyErrors errors, int port)
        {
            Interlocked.Increment(ref _handshakes);
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.ImportFromPem(InForce());
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
            lock (_gate)
                _served[port] = certificate.Thumbprint;
            return !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) && chain.Build(certificate);
        }

        private string InForce()
        {
            lock (_gate)
            {
                var now = time.GetUtcNow();
                var bundle = Encoding.ASCII.GetString(Convert.FromBase64String(Bundle(server)!));
                if (_bundles.Count == 0)
                    _bundles.Add((DateTimeOffset.MinValue, bundle)); // as it was when the first call came
                else if (_bundles[^1].Bundle != bundle)
                    _bundles.Add((now, bundle));
                return _bundles.Last(b => b.At <= now - Lag).Bundle;
            }
        }
    }
}
