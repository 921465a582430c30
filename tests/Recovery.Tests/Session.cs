using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sluice.Linux;
using Sluice.Mounter.Control;
using Sluice.Mounter.Sessions;
using Sluice.Recovery.Tests.Applications;

namespace Sluice.Recovery.Tests;

/// <summary>
/// A session with all its processes: <c>sluice-relay mount</c>, or a mounter and <c>sluice-relay serve</c>, started again
/// when they are killed as kubelet does it. Only this test's own processes are ever killed, by numbers that it got itself.
/// </summary>
internal sealed class Session : IDisposable
{
    private const int SIGTERM = 15;
    private const string Id = "one";

    private readonly string _directory = Room.NewDirectory();
    private readonly string[] _options;
    private readonly bool _readOnly;
    private readonly bool _withMounter;
    private readonly MemoryGroup? _group;
    private readonly List<string> _earlierLines = []; // of relays that were killed
    private readonly Random _random = new(7);
    private RunningProgram _relay = null!;
    private int _killedClient;
    private RunningProgram? _mounter;

    /// <summary>Starts it and waits until it is served.</summary>
    /// <param name="readOnly">Of the mount.</param>
    /// <param name="withMounter">Two processes, as on a node; else one.</param>
    /// <param name="options">The relay's, with <c>--</c> and the client at their end.</param>
    public Session(bool readOnly, bool withMounter, params string[] options)
        : this(readOnly, withMounter, group: null, options)
    {
    }

    /// <summary>The same with relay and client in a control group, as in a container.</summary>
    public Session(bool readOnly, bool withMounter, MemoryGroup? group, params string[] options)
    {
        (_readOnly, _withMounter, _group, _options) = (readOnly, withMounter, group, options);
        foreach (string name in new[] { Root, State })
            Directory.CreateDirectory(name);
        try
        {
            if (withMounter)
            {
                StartMounter();
                Ask(new(new SessionRequest(Id, Mount, readOnly, false, 0, 0)));
            }
            StartRelay();
            AwaitClient();
            for (var clock = Stopwatch.StartNew(); !Room.SessionMounts().Any(line => line.Contains($" {Mount} ", StringComparison.Ordinal)); Thread.Sleep(2))
                Assert.True(clock.ElapsedMilliseconds < 10_000, "a client serves, and the mount does not come");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// bindfs over the source. hard_remove: libfuse hides a file that is unlinked before its RELEASE has come, and a client
    /// that is killed in between leaves the hidden name behind for ever (docs/recovery.md), which is no entry of the models.
    /// </summary>
    public static Session Bindfs(bool readOnly, bool withMounter, params string[] options) =>
        new(readOnly, withMounter, [.. options, "--fusermount", "--", "bindfs", "-f", "-o", "hard_remove", Room.Source, "${mountpoint}"]);

    public string Mount => Path.Combine(_directory, "mount");

    public string State => Path.Combine(_directory, "state");

    public RunningProgram Relay => _relay;

    private string Root => Path.Combine(_directory, "root");

    /// <summary>What all relays of this session have printed.</summary>
    public IEnumerable<string> Lines => [.. _earlierLines, .. _relay.Lines];

    /// <summary>The relay's own report; null while none answers.</summary>
    public JsonElement? Status()
    {
        try
        {
            using var connection = SocketMessages.Connect(Path.Combine(State, "status.sock"));
            byte[] buffer = new byte[8192];
            using var report = JsonDocument.Parse(buffer.AsMemory(0, SocketMessages.Receive(connection, buffer, out _)));
            return report.RootElement.Clone();
        }
        catch (Exception e) when (e is LinuxException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Waits for a client that serves, other than <paramref name="before"/>.</summary>
    public int AwaitClient(int before = 0)
    {
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(1))
        {
            if (Status() is { } status && status.TryGetProperty("clientPid", out var client) && client.GetInt32() != before)
                return client.GetInt32();
            Assert.False(_relay.HasExited, $"the relay has ended:\n{string.Join('\n', Lines.TakeLast(20))}");
            Assert.True(clock.ElapsedMilliseconds < 30_000, $"no client serves:\n{string.Join('\n', Lines.TakeLast(20))}");
        }
    }

    /// <summary>
    /// SIGKILLs the client, another one than the last time, up to <paramref name="milliseconds"/> after it began to serve. The
    /// next one may still be on its way when this returns. A request that three clients in a row die with is answered EIO, for
    /// it may be what kills them: a client has to live long enough to answer.
    /// </summary>
    public void KillClient(int milliseconds = 0)
    {
        int client = AwaitClient(before: _killedClient);
        if (milliseconds > 0)
            Thread.Sleep(_random.Next(milliseconds / 4, milliseconds));
        Posix.Kill(client, ChildProcess.SIGKILL);
        _killedClient = client;
    }

    /// <summary>SIGKILLs the relay and starts it again after as long as kubelet needs, and waits until it serves.</summary>
    public void KillRelay(bool wait = true)
    {
        if (_withMounter)
            AwaitMounterKnows(_relay.Id);
        _relay.Kill();
        _earlierLines.AddRange(_relay.Lines);
        _relay.Dispose();
        Thread.Sleep(_random.Next(50, 200));
        StartRelay();
        if (wait)
            AwaitClient();
    }

    /// <summary>SIGKILLs the mounter and starts it again, and waits until it has the relay's descriptors.</summary>
    public void KillMounter()
    {
        AwaitMounterKnows(_relay.Id);
        _mounter!.Kill();
        _mounter.Dispose();
        StartMounter();
        AwaitMounterKnows(_relay.Id);
    }

    /// <summary>SIGKILLs both at once, which the kernel's session does not outlive.</summary>
    /// <param name="meanwhile">What to do before they are started again.</param>
    public void KillBoth(Action meanwhile)
    {
        _mounter!.Signal(ChildProcess.SIGKILL);
        _relay.Kill();
        _mounter.Kill();
        _earlierLines.AddRange(_relay.Lines);
        meanwhile();
        StartMounter();
        StartRelay();
        AwaitClient();
        AwaitMounterKnows(_relay.Id);
    }

    /// <summary>What the mounter says of the session; null where it has none.</summary>
    public SessionStatus? MounterStatus()
    {
        try
        {
            return ControlClient.Ask(Root, new(Status: true)).Select(reply => reply.Session).FirstOrDefault(session => session?.Id == Id);
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    /// <summary>SIGTERM for the relay. Returns its exit status.</summary>
    public int Terminate()
    {
        _relay.Signal(SIGTERM);
        return _relay.ExitWithin(35_000);
    }

    public void Unpublish() => Ask(new(Unpublish: Id));

    /// <summary>Ends everything in order and asserts that nothing is left.</summary>
    public void EndAndLeaveNothing()
    {
        if (!_relay.HasExited)
            Assert.True(Terminate() == 0, $"the relay ended with status {_relay.ExitWithin(0)}:\n{string.Join('\n', Lines.TakeLast(5))}");
        if (_mounter is not null)
        {
            Unpublish();
            _mounter.Signal(SIGTERM);
            Assert.Equal(0, _mounter.ExitWithin(10_000));
        }
        Assert.DoesNotContain(Room.SessionMounts(), line => line.Contains(_directory, StringComparison.Ordinal));
    }

    /// <summary>The times that relays said a recovery took, in ms: whole, and the client's own start of it.</summary>
    public IReadOnlyList<(double Whole, double Start)> Recoveries()
    {
        var times = new List<(double, double)>();
        foreach (string line in Lines)
        {
            if (line.Split("recovered in ") is [_, var rest] && rest.Split(' ') is [var whole, _, var start, ..])
                times.Add((double.Parse(whole, CultureInfo.InvariantCulture), double.Parse(start, CultureInfo.InvariantCulture)));
        }
        return times;
    }

    public void Dispose()
    {
        _mounter?.Dispose(); // first: a relay without a mounter closes the mount, and frees who waits on it
        _relay?.Dispose();
        foreach (string line in Room.SessionMounts().Where(line => line.Contains(_directory, StringComparison.Ordinal)))
            Mounts.Detach(line.Split(' ')[4]);
    }

    private void StartMounter()
    {
        _mounter = new(Room.Mounter, ["serve", "--root", Root, "--reap-below", _directory]);
        _mounter.LineWith("Serving {sessions}");
    }

    private void StartRelay()
    {
        string[] arguments = _withMounter
            ? ["serve", "--session-volume", Path.Combine(Root, "sessions", Id, "socket"), "--state", State, "--access", _readOnly ? "ro" : "rw", .. _options]
            : ["mount", Mount, "--state", State, "--access", _readOnly ? "ro" : "rw", .. _options];
        string[] command = [.. _group?.Enter ?? [], Room.Relay, .. arguments];
        _relay = new(command[0], command[1..]);
    }

    private void AwaitMounterKnows(int relay)
    {
        for (var clock = Stopwatch.StartNew(); MounterStatus() is not { State: SessionState.Serving or SessionState.Absent } status || status.RelayPid != relay; Thread.Sleep(2))
            Assert.True(clock.ElapsedMilliseconds < 15_000, $"the mounter does not know relay {relay}: {MounterStatus()}\n{string.Join('\n', Lines.TakeLast(10))}\n{string.Join('\n', _mounter!.Lines.TakeLast(10))}");
    }

    private void Ask(ControlRequest request)
    {
        foreach (var reply in ControlClient.Ask(Root, request))
            Assert.Null(reply.Error);
    }
}
