using System.Diagnostics;

namespace Sluice.Recovery.Tests;

/// <summary>A program that a test started, and what it prints.</summary>
internal sealed class RunningProgram : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = []; // guarded by itself

    public RunningProgram(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = "/" };
        foreach (var (name, value) in variables ?? new Dictionary<string, string>(StringComparer.Ordinal))
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string[] Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <summary>SIGKILL, and until it is gone.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
            _process.Kill();
        Assert.True(_process.WaitForExit(10_000), "a killed program does not end");
    }

    public void Signal(int signal) => Applications.Posix.Kill(Id, signal);

    public int ExitWithin(int milliseconds)
    {
        Assert.True(_process.WaitForExit(milliseconds), $"does not end within {milliseconds} ms:\n{string.Join('\n', Lines.TakeLast(20))}");
        return _process.ExitCode;
    }

    public void Tell(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Waits for a line that contains a text, after the first <paramref name="from"/> lines.</summary>
    public string LineWith(string text, int from = 0, int milliseconds = 30_000)
    {
        var sinceEnd = new Stopwatch();
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(2))
        {
            if (Lines.Skip(from).FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
                return found;
            // Its last lines may come after its end: other threads read them.
            if (_process.HasExited)
                sinceEnd.Start();
            Assert.True(sinceEnd.ElapsedMilliseconds < 2000 && clock.ElapsedMilliseconds < milliseconds,
                $"no line with \"{text}\" from {_process.StartInfo.FileName}{(_process.HasExited ? $", which has ended ({_process.ExitCode})" : "")}:\n{string.Join('\n', Lines.TakeLast(30))}");
        }
    }

    public void Dispose()
    {
        try
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.WaitForExit(2000);
        }
        finally
        {
            _process.Dispose();
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
            _lines.Add(line);
    }
}
