using System.Net;
using System.Net.Sockets;
using Sluice.Testing.Processes;

namespace Sluice.Cluster.Tests;

/// <summary>
/// What a Service is to an API server: one address before several replicas. A new connection goes to one that is ready by its own
/// probe, and stays there for as long as it lasts.
/// </summary>
internal sealed class ServicePort : IAsyncDisposable
{
    private static readonly TimeSpan ProbePeriod = TimeSpan.FromMilliseconds(500);

    private readonly TcpListener _listener = new(IPAddress.Any, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly HttpClient _probes = new() { Timeout = TimeSpan.FromSeconds(1) };
    private readonly Lock _gate = new();
    private readonly List<WebhookProgram> _replicas = []; // guarded by _gate
    private readonly List<Task> _connections = []; // guarded by _gate
    private WebhookProgram[] _ready = []; // replaced whole
    private int _next;
    private Task _running = Task.CompletedTask;

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public IReadOnlyList<WebhookProgram> Ready => Volatile.Read(ref _ready);

    public void Start()
    {
        _listener.Start();
        _running = Task.WhenAll(AcceptAsync(), ProbeAsync());
    }

    public void Add(WebhookProgram replica)
    {
        lock (_gate)
            _replicas.Add(replica);
    }

    /// <summary>A replica that has ended.</summary>
    public void Remove(WebhookProgram replica)
    {
        lock (_gate)
            _replicas.Remove(replica);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _running;
        Task[] connections;
        lock (_gate)
            connections = [.. _connections];
        await Task.WhenAll(connections);
        _probes.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_end.Token);
                lock (_gate)
                    _connections.Add(ForwardAsync(client));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The end, or a client that went before it was accepted.
            }
        }
    }

    private async Task ProbeAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            WebhookProgram[] replicas;
            lock (_gate)
                replicas = [.. _replicas];
            var ready = await Task.WhenAll(replicas.Select(IsReadyAsync));
            Volatile.Write(ref _ready, [.. replicas.Where((_, i) => ready[i])]);
            await Task.Delay(ProbePeriod, CancellationToken.None);
        }
    }

    private async Task<bool> IsReadyAsync(WebhookProgram replica)
    {
        try
        {
            return await replica.IsReadyAsync(_probes, _end.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task ForwardAsync(Socket client)
    {
        using (client)
        using (var server = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                var ready = Ready;
                if (ready.Count == 0)
                    return; // closed at once, as a Service without endpoints does
                await server.ConnectAsync(IPAddress.Loopback, ready[(int)((uint)Interlocked.Increment(ref _next) % (uint)ready.Count)].Address.Port, _end.Token);
                await Task.WhenAll(CopyAsync(client, server), CopyAsync(server, client));
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                // One side is gone: both go.
            }
        }
    }

    /// <summary>Passes on what comes, and then that nothing more comes.</summary>
    private async Task CopyAsync(Socket from, Socket to)
    {
        await using var source = new NetworkStream(from);
        await using var target = new NetworkStream(to);
        await source.CopyToAsync(target, _end.Token);
        to.Shutdown(SocketShutdown.Send);
    }
}
