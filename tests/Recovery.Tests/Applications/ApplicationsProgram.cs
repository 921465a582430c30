using System.Diagnostics;
using System.Text.Json;

namespace Sluice.Recovery.Tests.Applications;

/// <summary>
/// <c>applications MOUNT SOURCE NAME,NAME,… [told]</c>: runs applications until its input says <c>end</c>. A line
/// <c>report</c> is answered with a line of JSON, and so is the end. It starts no program.
/// </summary>
internal static class ApplicationsProgram
{
    public const string Name = "applications";
    private const int MaxErrors = 20; // arbitrary: an application that fails so often is not asked again
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(20);

    public static int Run(string[] arguments)
    {
        var (mount, source, names, told) = (arguments[0], arguments[1], arguments[2].Split(','), arguments.Contains("told"));
        var running = names.Select(name => new Running(name, Create(name, mount, source, told))).ToList();
        foreach (var application in running)
            application.Start();
        Console.WriteLine("started");
        while (Console.ReadLine() is "report")
            Print([.. running.Select(application => application.Report(hung: false))]);
        var until = Stopwatch.StartNew();
        foreach (var application in running)
            application.Stop();
        Print([.. running.Select(application => application.Report(hung: !application.HasEnded(EndWithin - until.Elapsed)))]);
        Environment.Exit(0); // a thread that hangs is the tests' to free
        return 0;
    }

    private static void Print(List<ApplicationReport> reports) => Console.WriteLine(JsonSerializer.Serialize(reports, ReportJson.Default.ListApplicationReport));

    private static IApplication Create(string name, string mount, string source, bool told) => name switch
    {
        "sequential" => new SequentialRead(mount, source),
        "direct" => new DirectRead(mount, source),
        "mapped" => new MappedRead(mount, source),
        "walk" => new DirectoryWalk(mount, source),
        "open" => new ManyFiles(mount, source),
        "held" => new HeldFile(mount, source),
        "write" => new WriteAndCompare(mount, source, told),
        "upload" => new UploadedFiles(mount, source, told),
        "append" => new AppendedLog(mount, source, told),
        "churn" => new NameChurn(mount, hardLinks: true),
        "names" => new NameChurn(mount, hardLinks: false),
        "lock" => new HeldLocks(mount),
        "tree" => new ModelledTree(mount, Environment.ProcessId),
        "file" => new ModelledFile(mount, Environment.ProcessId),
        _ => throw new ArgumentException($"no application is called {name}", nameof(name)),
    };

    private sealed class Running(string name, IApplication application)
    {
        private readonly Lock _gate = new();
        private readonly List<string> _errors = []; // guarded by _gate, as are the next three
        private int _rounds;
        private TimeSpan _longest;
        private long _roundStarted;
        private volatile bool _stop;
        private Thread? _thread;

        public void Start()
        {
            _thread = new Thread(Loop, 1 << 20) { IsBackground = true, Name = name };
            _thread.Start();
        }

        public void Stop() => _stop = true;

        public bool HasEnded(TimeSpan within) => _thread!.Join(within > TimeSpan.Zero ? within : TimeSpan.Zero);

        public ApplicationReport Report(bool hung)
        {
            lock (_gate)
            {
                // A round that hangs now counts as far as it has come.
                var longest = _roundStarted == 0 || Stopwatch.GetElapsedTime(_roundStarted) < _longest ? _longest : Stopwatch.GetElapsedTime(_roundStarted);
                var report = new ApplicationReport(name, _rounds, Math.Round(longest.TotalMilliseconds, 1), [.. _errors], application.Told, hung);
                (_rounds, _longest) = (0, TimeSpan.Zero);
                return report;
            }
        }

        private void Loop()
        {
            for (int round = 0; !_stop && _errors.Count < MaxErrors; round++)
                Run(() => application.Round(round));
            Run(application.Finish);
        }

        private void Run(Action step)
        {
            lock (_gate)
                _roundStarted = Stopwatch.GetTimestamp();
            string? error = null;
            try
            {
                step();
            }
            catch (Exception e)
            {
                error = e.Message;
            }
            lock (_gate)
            {
                var took = Stopwatch.GetElapsedTime(_roundStarted);
                _longest = took > _longest ? took : _longest;
                _roundStarted = 0;
                if (error is null)
                    _rounds++;
                else
                    _errors.Add(error);
            }
        }
    }
}
