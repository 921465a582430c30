using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Sluice.Linux;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.Mounting;
using Sluice.Relay.State;

namespace Sluice.Relay.Tests.Scripted;

/// <summary>
/// A whole session in this process, between a scripted kernel and scripted clients. The client process that the session starts
/// only sleeps: its end of the socket is the test's. To kill it is to crash the client.
/// </summary>
internal sealed partial class ScriptedSession : IMountKeeper
{
    public static readonly StateGeometry Geometry = new(1 << 17, Slots: 256, LargeBuffers: 16, Nodes: 1 << 14, Names: 1 << 14, LongNames: 1 << 10, Handles: 1 << 12, DirectoryBlocks: 1 << 10, JournalBlocks: 16);

    private readonly BlockingCollection<ScriptedClient> _clients = [];
    private readonly ManualResetEventSlim _mayStart = new(true);
    private readonly ConcurrentQueue<uint> _killed = [];
    private readonly StringWriter _text = new();
    private readonly TextWriter _log;
    private readonly RelayOptions _options;
    private readonly Func<FileDescriptor, ScriptedClient> _newClient;
    private readonly StateGeometry _geometry;
    private readonly Action? _aboard;
    private FileDescriptor _file = SharedMapping.CreateAnonymousFile("state");
    private RelaySession _session;
    private Thread _thread;

    /// <summary>Starts a session on a fresh mount, whose kernel has said INIT already.</summary>
    /// <param name="options">How it is served; the client process is the fixture's.</param>
    /// <param name="newClient">Makes a client over its end of the socket; null: one that the test answers for.</param>
    /// <param name="init">The kernel's INIT; null: with every feature but RESEND.</param>
    /// <param name="geometry">Of the state; null: <see cref="Geometry"/>.</param>
    /// <param name="aboard">Called on the relay's first thread before it does anything.</param>
    public ScriptedSession(RelayOptions? options = null, Func<FileDescriptor, ScriptedClient>? newClient = null, Action<ScriptedKernel>? init = null, StateGeometry? geometry = null, Action? aboard = null)
    {
        _aboard = aboard;
        _geometry = geometry ?? Geometry;
        _options = (options ?? new RelayOptions([]) { Spin = SpinMode.Off }) with { Client = ["sleep", "1000"] };
        _log = TextWriter.Synchronized(_text);
        _newClient = newClient ?? (socket => new ScriptedClient(socket));
        if (init is null)
            Kernel.Init();
        else
            init(Kernel);
        State = SessionState.Create(_file.Duplicate(), _geometry, 1);
        (_session, _thread) = Start(State, adopted: false);
    }

    public ScriptedKernel Kernel { get; } = new();

    public Counters Counters => _session.Now().Counters;

    public SessionStatus Status => _session.Now();

    /// <summary>The tables of the present relay.</summary>
    public SessionState State { get; private set; }

    public string Log
    {
        get
        {
            lock (_log) // as its own methods do
                return _text.ToString();
        }
    }

    /// <summary>How the session ended, once it has.</summary>
    public SessionEnd? End { get; private set; }

    /// <summary>The next client that was started: the first, or the one after a crash.</summary>
    public ScriptedClient NextClient(int milliseconds = 10_000) =>
        _clients.TryTake(out var client, milliseconds) ? client : throw new TimeoutException($"no client was started. {Log}");

    /// <summary>The first client, once it serves.</summary>
    public ScriptedClient Serving()
    {
        var client = NextClient();
        Until(() => Status.ClientId is not null, "the session serves");
        return client;
    }

    /// <summary>Kills the client, whether it serves already or not. Returns when the session has noticed.</summary>
    /// <param name="signal">With this.</param>
    public void Crash(int signal = ChildProcess.SIGKILL)
    {
        int before = 0;
        Until(() => (before = ClientPid) != 0, "there is a client to kill");
        ChildProcess.SignalGroup(before, signal);
        Until(() => ClientPid != before, "the session knows");
    }

    /// <summary>Kills the client and returns its successor, once that one serves.</summary>
    /// <param name="signal">With this.</param>
    public ScriptedClient Replace(int signal = ChildProcess.SIGKILL)
    {
        Crash(signal);
        return Serving();
    }

    /// <summary>Kills the client, and no other starts before <see cref="LetClientsStart"/>.</summary>
    public void CrashAndHold()
    {
        _mayStart.Reset();
        Crash();
    }

    public void LetClientsStart() => _mayStart.Set();

    /// <summary>
    /// Another relay takes over what this one, which is quiet now, would leave if it was killed. Returns its first client, once
    /// that one serves.
    /// </summary>
    /// <param name="meanwhile">What happens to the file in between.</param>
    public unsafe ScriptedClient TakeOver(Action<StateFile>? meanwhile = null)
    {
        Until(() => !Enumerable.Range(0, State.Requests.UsedMark).Any(i => State.Requests[i]->State is SlotState.Answering or SlotState.Claimed), "the relay is quiet");
        var copy = SharedMapping.CreateAnonymousFile("state");
        long length = SharedMapping.SizeOf(_file);
        SharedMapping.Resize(copy, length);
        using (var from = new SharedMapping(_file.Duplicate(), length))
        using (var to = new SharedMapping(copy.Duplicate(), length))
            Buffer.MemoryCopy(from.Address, to.Address, length, length);
        if (meanwhile is not null)
        {
            using var file = StateFile.Adopt(copy.Duplicate(), _geometry, out string problem) ?? throw new InvalidOperationException(problem);
            meanwhile(file);
        }
        Kernel.Reconnect();
        _thread.Join();
        _file = copy;
        State = SessionState.Adopt(copy.Duplicate(), _geometry, out string reason) ?? throw new InvalidOperationException(reason);
        (_session, _thread) = Start(State, adopted: true);
        return Serving();
    }

    /// <summary>Another relay takes over the very file of this one, which writes nothing any more.</summary>
    /// <param name="aboard">Called on its first thread.</param>
    /// <returns>What ends the threads of the one before that are left, once they may.</returns>
    public Action Succeed(Action? aboard = null)
    {
        var (before, ended) = (_session, _thread);
        ThreadStart adopt = () =>
        {
            aboard?.Invoke();
            State = SessionState.Adopt(_file.Duplicate(), _geometry, out string reason) ?? throw new InvalidOperationException(reason);
            _session = NewRelay(State);
            End = _session.Run(adopted: true);
        };
        _thread = new Thread(adopt) { IsBackground = true, Name = "session" };
        _thread.Start();
        return () =>
        {
            ended.Join();
            before.Dispose();
        };
    }

    /// <summary>The kernel looks a name up, and the client calls it <paramref name="id"/>. Returns the kernel's id.</summary>
    public ulong Look(ScriptedClient client, ulong parent, string name, ulong id, uint type = FuseAbi.S_IFREG)
    {
        ulong unique = Kernel.Send(Opcode.Lookup, parent, Bytes.Of(name));
        client.Answer(client.Expect(Opcode.Lookup), Messages.Entry(id, type));
        return Kernel.Wait(unique).Body.U64();
    }

    /// <summary>The kernel opens a node, and the client calls that <paramref name="fh"/>. Returns the kernel's handle.</summary>
    public ulong Open(ScriptedClient client, ulong node, ulong fh, Opcode opcode = Opcode.Open, uint flags = 0)
    {
        ulong unique = Kernel.Send(opcode, node, Bytes.Of(flags, 0u));
        client.Answer(client.Expect(opcode), Messages.Open(fh));
        return Kernel.Wait(unique).Body.U64();
    }

    /// <summary>The task with this id has a SIGKILL pending, from now on.</summary>
    public void MarkKilled(uint pid) => _killed.Enqueue(pid);

    /// <summary>Asks for the end.</summary>
    public void Stop() => _session.Stop(ChildProcess.SIGTERM);

    public static void Until(Func<bool> condition, string what, int milliseconds = 10_000)
    {
        long end = Environment.TickCount64 + milliseconds;
        while (!condition())
        {
            if (Environment.TickCount64 > end)
                throw new TimeoutException($"never: {what}");
            Thread.Sleep(1);
        }
    }

    /// <summary>Ends the session: the mount is gone. The state stays mapped, for threads that are never joined may look at it.</summary>
    public void Dispose()
    {
        _mayStart.Set();
        Kernel.Dispose();
        _thread.Join();
        _session.Dispose();
    }

    /// <summary>Gives the memory of the state back, which nobody needs any more; threads that still look at it see zeros.</summary>
    public void FreeState()
    {
        const int PunchHole = 3; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
        Assert.Equal(0, fallocate(_file, PunchHole, 0, SharedMapping.SizeOf(_file)));
    }

    KeptMount IMountKeeper.Obtain(bool knowsState, uint epoch) => throw new NotSupportedException();

    (FileDescriptor Relay, FileDescriptor Client) IMountKeeper.NextPair()
    {
        _mayStart.Wait();
        var pair = SocketMessages.CreatePair();
        SocketMessages.SetSendBuffer(pair.First, 4 << 20);
        SocketMessages.SetSendBuffer(pair.Second, 4 << 20);
        _clients.Add(_newClient(pair.Second.Duplicate()));
        return pair;
    }

    void IMountKeeper.Serving(uint epoch)
    {
    }

    void IMountKeeper.Absent(string reason)
    {
    }

    IReadOnlyList<uint> IMountKeeper.Killed(IReadOnlyList<uint> pids) => [.. pids.Where(_killed.Contains)];

    void IMountKeeper.Report(SessionStatus status)
    {
    }

    void IMountKeeper.Closing()
    {
    }

    void IMountKeeper.Goodbye(string lost)
    {
    }

    private unsafe int ClientPid => State.Header->ClientPid;

    private (RelaySession, Thread) Start(SessionState state, bool adopted)
    {
        var session = NewRelay(state);
        var thread = new Thread(() =>
        {
            _aboard?.Invoke();
            End = session.Run(adopted);
        })
        { IsBackground = true, Name = "session" };
        thread.Start();
        return (session, thread);
    }

    private RelaySession NewRelay(SessionState state) => new(_options, this, null, state, Kernel.Device, new RelayLog(_log, TimeProvider.System));

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(FileDescriptor fd, int mode, long offset, long length);
}
