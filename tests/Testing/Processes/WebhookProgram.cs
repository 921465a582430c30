using System.Text.Json;

namespace Sluice.Testing.Processes;

/// <summary>The webhook's program as a process of its own, which listens. Only in test projects that reference it: it lies beside them.</summary>
public sealed class WebhookProgram : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private WebhookProgram(ServerProcess process, Uri address, Uri metrics) => (_process, Address, Metrics) = (process, address, metrics);

    public Uri Address { get; }
    public Uri Metrics { get; }

    /// <summary>Starts it with ports of its own choice; returns when it listens.</summary>
    public static async Task<WebhookProgram> ListenAsync(CancellationToken token, params string[] arguments)
    {
        var listening = new TaskCompletionSource<(Uri Address, Uri Metrics)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = Start(line =>
        {
            if (Addresses(line) is { } addresses)
                listening.TrySetResult(addresses);
        }, arguments);
        var ended = process.EndAsync(token);
        if (await Task.WhenAny(listening.Task, ended) == ended)
        {
            await using (process)
                throw new InvalidOperationException($"the webhook ended before it listened:\n{process.Said}");
        }
        var (address, metrics) = await listening.Task;
        return new WebhookProgram(process, address, metrics);
    }

    /// <summary>Starts it for whatever its arguments say.</summary>
    public static ServerProcess Start(Action<string>? heard, params string[] arguments) =>
        ServerProcess.Start("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "sluice-webhook.dll"), .. arguments], heard);

    public async Task<bool> IsReadyAsync(HttpClient client, CancellationToken token)
    {
        using var response = await client.GetAsync(new Uri(Metrics, "/readyz"), token);
        return response.IsSuccessStatusCode;
    }

    /// <summary>SIGTERM; returns when it has ended.</summary>
    public Task StopAsync() => _process.StopAsync();

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.KillAsync();
        await _process.DisposeAsync();
    }

    private static (Uri Address, Uri Metrics)? Addresses(string line)
    {
        if (!line.Contains("\"metricsAddress\"", StringComparison.Ordinal))
            return null;
        var entry = JsonElement.Parse(line);
        return (new Uri(entry.GetProperty("address").GetString()!), new Uri(entry.GetProperty("metricsAddress").GetString()!));
    }
}
