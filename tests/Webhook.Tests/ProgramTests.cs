using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Sluice.Webhook.Tests;

/// <summary>The program as a process.</summary>
public sealed class ProgramTests
{
    [Fact]
    public async Task SIGTERM_fails_readiness_first_then_finishes_what_is_in_flight_then_exits_0()
    {
        var token = TestContext.Current.CancellationToken;
        using var directory = new TemporaryDirectory();
        using var process = Start("--catalog", directory.Path, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--shutdown-delay", "1s");
        var (address, metrics, rest) = await AddressesAsync(process);
        using var client = RunningWebhook.NewClient(address);
        using var probe = new HttpClient { BaseAddress = metrics };
        while (!await IsReadyAsync(probe))
            await Task.Delay(20, token);

        // Half of each body is on its way when the signal comes, the other half long after the listener has closed.
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = Enumerable.Range(0, 16).Select(_ => SendAsync(client, new HeldBody(release.Task))).ToList();
        await client.GetStringAsync(new Uri("/healthz", UriKind.Relative), token); // came after the others on one connection

        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(token);

        // During the delay: not ready, but serving.
        while (await IsReadyAsync(probe))
            await Task.Delay(10, token);
        for (var i = 0; i < 20; i++)
            Assert.Equal(HttpStatusCode.OK, await SendAsync(client, new StringContent(Reviews.Create(), null, "application/json")));

        // After the delay: nobody gets in, and those who are in stay.
        while (await AnswersAsync(probe))
            await Task.Delay(20, token);
        Assert.False(process.HasExited);
        release.SetResult();
        Assert.All(await Task.WhenAll(held), status => Assert.Equal(HttpStatusCode.OK, status));

        await process.WaitForExitAsync(token).WaitAsync(TimeSpan.FromSeconds(20), token);
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("Stopped", await rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_one_of_two_processes_under_load_fails_no_request()
    {
        var started = new List<Process>();
        try
        {
            await EndOneOfTwoAsync(started);
        }
        finally
        {
            foreach (var process in started)
            {
                process.Kill();
                process.Dispose();
            }
        }
    }

    private static async Task EndOneOfTwoAsync(List<Process> started)
    {
        var token = TestContext.Current.CancellationToken;
        using var directory = new TemporaryDirectory();
        var replicas = new List<(Process Process, Uri Address, HttpClient Probe, Task<string> Log)>();
        for (var i = 0; i < 2; i++)
        {
            var process = Start("--catalog", directory.Path, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--shutdown-delay", "2s");
            started.Add(process);
            var (address, metrics, log) = await AddressesAsync(process);
            replicas.Add((process, address, new HttpClient { BaseAddress = metrics }, log));
        }
        foreach (var replica in replicas)
        {
            while (!await IsReadyAsync(replica.Probe))
                await Task.Delay(20, token);
        }

        // A Service: new connections go to replicas that were ready when it last looked.
        var ready = replicas.ConvertAll(replica => replica.Address);
        var turn = 0;
        using var probing = CancellationTokenSource.CreateLinkedTokenSource(token);
        var service = Task.Run(
            async () =>
            {
                while (!probing.IsCancellationRequested)
                {
                    var found = new List<Uri>();
                    foreach (var replica in replicas)
                    {
                        if (await IsServingAsync(replica.Probe))
                            found.Add(replica.Address);
                    }
                    Volatile.Write(ref ready, found);
                    await Task.Delay(50, token);
                }
            },
            token);
        HttpClient NewClient(Version version) => new(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
            ConnectCallback = async (_, cancellation) =>
            {
                var backends = Volatile.Read(ref ready);
                var backend = backends[Interlocked.Increment(ref turn) % backends.Count];
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, backend.Port, cancellation);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri("https://sluice-webhook.sluice-system.svc"),
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        var (answered, over) = (0, false);
        var workers = Enumerable.Range(0, 8).Select(worker => Task.Run(
            async () =>
            {
                // Six keep their connections, as API servers do; two of them, and those that begin anew each time, speak HTTP/1.1.
                var kept = worker < 6 ? NewClient(worker < 4 ? HttpVersion.Version20 : HttpVersion.Version11) : null;
                while (!Volatile.Read(ref over))
                {
                    using var fresh = kept is null ? NewClient(HttpVersion.Version11) : null;
                    Assert.Equal(HttpStatusCode.OK, await SendAsync(kept ?? fresh!, new StringContent(Reviews.Create(), null, "application/json")));
                    Interlocked.Increment(ref answered);
                }
                kept?.Dispose();
            },
            token)).ToList();
        async Task UntilAnsweredAsync(int more)
        {
            for (var from = Volatile.Read(ref answered); Volatile.Read(ref answered) < from + more;)
            {
                Assert.DoesNotContain(workers, worker => worker.IsFaulted);
                await Task.Delay(20, token);
            }
        }

        await UntilAnsweredAsync(500);
        using (var kill = Process.Start("kill", ["-TERM", replicas[0].Process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(token);
        await replicas[0].Process.WaitForExitAsync(token).WaitAsync(TimeSpan.FromSeconds(60), token);
        await UntilAnsweredAsync(500);
        Volatile.Write(ref over, true);
        await Task.WhenAll(workers);
        await probing.CancelAsync();
        await service;
        Assert.Equal(0, replicas[0].Process.ExitCode);
        replicas[1].Process.Kill();
        foreach (var (_, _, probe, log) in replicas)
        {
            Assert.Contains(Reviews.Uid, await log, StringComparison.Ordinal); // both were asked
            probe.Dispose();
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_in_one_line()
    {
        using var directory = new TemporaryDirectory();
        await using var other = await RunningWebhook.StartAsync();
        using var process = Start("--catalog", directory.Path, "--listen", $"127.0.0.1:{other.Host.Address.Port}", "--metrics-listen", "127.0.0.1:0");
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("already in use", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_cluster_that_cannot_be_reached_for_want_of_a_file_is_said_in_one_line()
    {
        using var process = Start("--kubeconfig", "/nowhere/config", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0");
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, process.ExitCode);
        Assert.StartsWith("sluice-webhook: /nowhere/config", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("--version", 0)]
    [InlineData("--help", 0)]
    [InlineData("--frobnicate", 1)]
    public async Task Usage_needs_no_listener(string argument, int exitCode)
    {
        using var process = Start(argument);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(exitCode, process.ExitCode);
        if (argument == "--version")
            Assert.StartsWith("0.1.0", output, StringComparison.Ordinal);
    }

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(
        "dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "sluice-webhook.dll"), .. arguments])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    /// <summary>Reads the log up to the line that tells the addresses; the rest of it is read to the end meanwhile.</summary>
    private static async Task<(Uri Address, Uri Metrics, Task<string> Log)> AddressesAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            using var entry = JsonDocument.Parse(line);
            if (!entry.RootElement.TryGetProperty("metricsAddress", out var metrics))
                continue;
            var rest = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            return (new Uri(entry.RootElement.GetProperty("address").GetString()!), new Uri(metrics.GetString()!), rest);
        }
        throw new InvalidOperationException(await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient client, HttpContent content)
    {
        using (content)
        using (var response = await client.PostAsync(new Uri("/mutate", UriKind.Relative), content, TestContext.Current.CancellationToken))
            return response.StatusCode;
    }

    private static async Task<bool> IsReadyAsync(HttpClient probe)
    {
        using var response = await probe.GetAsync(new Uri("/readyz", UriKind.Relative), TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode;
    }

    private static async Task<bool> AnswersAsync(HttpClient probe)
    {
        try
        {
            await IsReadyAsync(probe);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<bool> IsServingAsync(HttpClient probe)
    {
        try
        {
            return await IsReadyAsync(probe);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>A review whose second half waits.</summary>
    private sealed class HeldBody : HttpContent
    {
        private readonly byte[] _body = Encoding.UTF8.GetBytes(Reviews.Create());
        private readonly Task _release;

        public HeldBody(Task release)
        {
            _release = release;
            Headers.ContentType = new("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_body.AsMemory(0, _body.Length / 2));
            await stream.FlushAsync();
            await _release;
            await stream.WriteAsync(_body.AsMemory(_body.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _body.Length;
            return true;
        }
    }
}
