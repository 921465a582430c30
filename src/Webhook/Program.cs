using System.CommandLine;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Sluice.Kube;
using Sluice.Webhook;

// Signals are the host's: it drains before it stops, which takes longer than a command line would wait.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await WebhookOptions.Command(RunAsync).Parse(args).InvokeAsync(invocation);

static async Task<int> RunAsync(WebhookOptions options, CancellationToken token)
{
    try
    {
        var cluster = options.Cluster is { } choice ? await choice.OpenAsync(TimeProvider.System, token) : null;
        await using var host = WebhookHost.Create(options, StandardOutput(options.LogLevel), cluster);
        await host.StartAsync(token);
        await host.WaitForShutdownAsync(token);
        return 0;
    }
    catch (Exception e) when (e is IOException or ClusterAccessException)
    {
        // A port that is taken, mostly; or no way to the cluster.
        await Console.Error.WriteLineAsync($"sluice-webhook: {e.Message}");
        return 1;
    }
}

static Logger StandardOutput(LogEventLevel level) => new LoggerConfiguration()
    .MinimumLevel.Is(level)
    // One line per decision is ours; ASP.NET Core's own lines per request, and its scopes, are not wanted at any level.
    .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
    .MinimumLevel.Override("Microsoft.AspNetCore.Hosting", LevelAlias.Off)
    .WriteTo.Console(new CompactJsonFormatter())
    .CreateLogger();
