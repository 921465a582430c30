namespace Sluice.Webhook;

/// <summary>
/// The first step of stopping, before any listener closes: <c>/readyz</c> fails, and requests are served on for the delay that
/// Services and load balancers need to look elsewhere. Kestrel then finishes what is in flight.
/// </summary>
internal sealed class Drain(Readiness readiness, WebhookOptions options, TimeProvider time, ILogger<Drain> logger) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        readiness.Stop();
        Log.Stopping(logger, options.ShutdownDelay.TotalSeconds);
        await Task.Delay(options.ShutdownDelay, time, cancellationToken);
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Log.Stopped(logger);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
