using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sluice.Injection.Tests.Profiles;

/// <summary>A program of the machine that a test started: its output, and its end.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new(); // guarded by itself

    private RunningProgram(Process process)
    {
        _process = process;
        process.OutputDataReceived += Append;
        process.ErrorDataReceived += Append;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;
    public bool HasExited => _process.HasExited;

    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Starts it with nothing in its environment but PATH and <paramref name="environment"/>.</summary>
    public static RunningProgram Start(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
            start.Environment[name] = value;
        return new RunningProgram(Process.Start(start)!);
    }

    /// <summary>
    /// The same in a mount namespace of its own: whatever it mounts ends with it, even when the tests are killed. unshare
    /// becomes the program, so that the id is the program's.
    /// </summary>
    public static RunningProgram StartPrivately(IEnumerable<string> argv, IReadOnlyDictionary<string, string> environment) =>
        Start("unshare", ["--mount", "--propagation", "private", "--", .. argv], environment);

    /// <summary>Runs it to its end: its exit code, and all that it said.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string file, params string[] arguments)
    {
        await using var program = Start(file, arguments);
        await program._process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (program._process.ExitCode, program.Output);
    }

    /// <summary>Waits until <paramref name="condition"/> holds; false when the program ends or the time is over before.</summary>
    public async Task<bool> WaitUntilAsync(Func<bool> condition, int seconds)
    {
        for (var deadline = Stopwatch.StartNew(); deadline.Elapsed < TimeSpan.FromSeconds(seconds);)
        {
            if (condition())
                return true;
            if (_process.HasExited)
                return condition();
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        return condition();
    }

    /// <summary>Whether <paramref name="directory"/> is a mount point in the program's namespace.</summary>
    public bool HasMounted(string directory)
    {
        try
        {
            return File.ReadLines(Inside("mountinfo", proc: true)).Any(line => line.Split(' ')[4] == directory);
        }
        catch (IOException)
        {
            return false; // it is gone
        }
    }

    /// <summary>A path as the program sees it.</summary>
    public string Inside(string path, bool proc = false) =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/{_process.Id}/{(proc ? "" : "root/")}{path.TrimStart('/')}");

    /// <summary>SIGTERM, as the relay sends it, then SIGKILL.</summary>
    public async Task<bool> StopAsync(int seconds = 20)
    {
        if (_process.HasExited)
            return true;
        using (var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(CancellationToken.None);
        if (await WaitUntilAsync(() => _process.HasExited, seconds))
            return true;
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(seconds: 5);
        _process.Dispose();
    }

    private void Append(object sender, DataReceivedEventArgs e)
    {
        lock (_output)
            _output.AppendLine(e.Data);
    }
}
