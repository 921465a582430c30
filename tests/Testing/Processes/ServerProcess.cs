using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Sluice.Testing.Processes;

/// <summary>A program that serves until it is told to stop, and the end of what it said, for when it fails.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private const int KeptLines = 40; // arbitrary
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _said = [];
    private readonly Action<string>? _heard;
    private readonly EventHandler _atExit;

    private ServerProcess(Process process, Action<string>? heard)
    {
        _process = process;
        _heard = heard;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        // Tests that are broken off leave nothing behind.
        _atExit = (_, _) => _process.Kill();
        AppDomain.CurrentDomain.ProcessExit += _atExit;
    }

    public bool HasExited => _process.HasExited;

    /// <summary>The last lines of both outputs.</summary>
    public string Said => string.Join('\n', _said);

    /// <summary>Starts it; <paramref name="heard"/> gets every line, on a thread of the pool.</summary>
    public static ServerProcess Start(string program, IEnumerable<string> arguments, Action<string>? heard = null) => new(
        Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!, heard);

    /// <summary>Returns when it has ended, with its exit code.</summary>
    public async Task<int> EndAsync(CancellationToken token)
    {
        await _process.WaitForExitAsync(token);
        return _process.ExitCode;
    }

    /// <summary>SIGTERM, and SIGKILL when that does not help.</summary>
    public async Task StopAsync()
    {
        if (!_process.HasExited)
        {
            using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
                await kill.WaitForExitAsync(CancellationToken.None);
            using var patience = new CancellationTokenSource(StopTimeout);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                await KillAsync();
            }
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= _atExit;
        await StopAsync();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        _said.Enqueue(line);
        while (_said.Count > KeptLines)
            _said.TryDequeue(out _);
        _heard?.Invoke(line);
    }
}
