using Serilog;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Compact;
using Sluice.Mounter;

return await MounterCommand.Create(ServeAsync).Parse(args).InvokeAsync();

static async Task<int> ServeAsync(MounterOptions options, CancellationToken token)
{
    await using var output = new LoggerConfiguration().WriteTo.Console(new CompactJsonFormatter()).CreateLogger();
    using var loggers = new SerilogLoggerFactory(output);
    try
    {
        using var host = await MounterHost.StartAsync(options, loggers.CreateLogger("Sluice.Mounter"));
        await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }
    catch (IOException e)
    {
        // The directory is another mounter's, mostly.
        await Console.Error.WriteLineAsync($"sluice-mounter: {e.Message}");
        return 1;
    }
}
