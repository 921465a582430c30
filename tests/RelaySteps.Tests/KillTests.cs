using System.Globalization;
using Sluice.Linux;
using Sluice.Relay;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;
using Sluice.Relay.Tests.Scripted;

namespace Sluice.RelaySteps.Tests;

/// <summary>
/// A relay is killed before each of its writes to the state file in turn, under an application that uses the mount. Its successor
/// must be right: every request is answered once and with what it must be, and nothing is left over or lost at the end.
/// </summary>
public sealed class KillTests
{
    internal static readonly StateGeometry Geometry = new(8192, Slots: 32, LargeBuffers: 8, Nodes: 512, Names: 1024, LongNames: 64, Handles: 64, DirectoryBlocks: 512, JournalBlocks: 8);
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_relay_may_be_killed_before_any_write(bool resends)
    {
        int steps = 0;
        while (Live(resends, steps))
            steps++;
        Assert.InRange(steps, 200, 2000);
    }

    [Fact]
    public void Its_heir_may_be_killed_soon_after_it()
    {
        for (int steps = 0; Live(resends: steps % 2 == 0, steps, steps * 7 % 60); steps += 5)
        {
        }
    }

    /// <summary>Lets an application live over a relay that is killed after so many writes, and those after it.</summary>
    /// <returns>Whether the first came so far.</returns>
    private static bool Live(bool resends, params int[] steps)
    {
        var files = new ScriptedFileSystem();
        var clients = new List<ScriptedClient>(); // guarded by itself
        var lives = new List<Life> { new(steps[0]) };
        var burials = new List<Action>();
        var session = new ScriptedSession(
            new RelayOptions([]) { Spin = steps.Length > 1 ? SpinMode.On : SpinMode.Off, Durability = Durability.Flush, MaxTransfer = Geometry.MaxTransfer },
            socket =>
            {
                var client = files.NewClient(socket);
                lock (clients)
                    clients.Add(client);
                return client;
            },
            kernel => kernel.Init(resends ? (InitFlags)ulong.MaxValue : (InitFlags)ulong.MaxValue & ~InitFlags.HasResend),
            Geometry,
            lives[0].Enter);
        try
        {
            var application = new Application(session.Kernel, files, () => ClientPidOf(session.State));
            long end = Environment.TickCount64 + 30_000;
            while (!application.HasEnded(lives[^1].IsStopped ? 0 : 1) || !IsTidy(session, files))
            {
                if (Environment.TickCount64 > end)
                    throw new TimeoutException($"the application has not ended, or left {Tidiness(session, files)}");
                if (!lives[^1].IsStopped)
                    continue;
                session.Kernel.Reconnect(() =>
                {
                    KillAll(clients);
                    ThreadsAtRest.Wait();
                    KillAll(clients);
                });
                lives.Add(new(lives.Count < steps.Length ? steps[lives.Count] : int.MaxValue));
                burials.Add(session.Succeed(lives[^1].Enter));
            }
            application.Compare();
            return lives.Count > 1;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"killed after {string.Join(", then ", steps)} writes: {e.Message}\n{session.Log}", e);
        }
        finally
        {
            lives.ForEach(life => life.Bury());
            session.Dispose();
            burials.ForEach(bury => bury());
            session.FreeState();
            EndChildren();
        }
    }

    private static unsafe int ClientPidOf(SessionState state) => state.Header->ClientPid;

    private static void KillAll(List<ScriptedClient> clients)
    {
        lock (clients)
            clients.ForEach(client => client.Kill());
    }

    private static bool IsTidy(ScriptedSession session, ScriptedFileSystem files) => Tidiness(session, files) == (1, 0, 0, 0, 0, 0);

    /// <summary>What the tables hold, and what the client would have to be told.</summary>
    private static (int Nodes, int Handles, int Requests, int Journal, long Owed, int OpenFiles) Tidiness(ScriptedSession session, ScriptedFileSystem files)
    {
        var state = session.State;
        return (state.Nodes.Count, state.Handles.Count, state.Requests.InUse, state.Journal.InUse, files.Present.Owed, files.Present.OpenHandles);
    }

    /// <summary>What a killed relay had started and not noted yet. In a container it ends with the relay.</summary>
    private static void EndChildren()
    {
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                foreach (string pid in File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    ChildProcess.SignalGroup(int.Parse(pid, CultureInfo.InvariantCulture), ChildProcess.SIGKILL);
            }
            catch (IOException)
            {
                // the thread has ended
            }
        }
        ChildProcess.ReapOrphans(known: 0);
    }
}
