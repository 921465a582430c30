using System.CommandLine;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Sluice.Webhook;

// Signals are the host's: it drains before it stops, which takes longer than a command line would wait.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await WebhookOptions.Command(RunAsync).Parse(args).InvokeAsync(invocation);

static async Task<int> RunAsync(WebhookOptions options, CancellationToken token)
{
    await using var host = WebhookHost.Create(options, StandardOutput(options.LogLevel));
    try
    {
        await host.StartAsync(token);
    }
    catch (IOException e)
    {
        // A port that is taken, mostly.
        await Console.Error.WriteLineAsync($"sluice-webhook: {e.Message}");
        return 1;
    }
    await host.WaitForShutdownAsync(token);
    return 0;
}

static Logger StandardOutput(LogEventLevel level) => new LoggerConfiguration()
    .MinimumLevel.Is(level)
    // One line per decision is ours; ASP.NET Core's own lines per request, and its scopes, are not wanted at any level.
    .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
    .MinimumLevel.Override("Microsoft.AspNetCore.Hosting", LevelAlias.Off)
    .WriteTo.Console(new CompactJsonFormatter())
    .CreateLogger();
