using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Linux;
using Sluice.Mounter.Sessions;
using Sluice.Session;

namespace Sluice.Mounter.Tests;

/// <summary>
/// A node of its own: a directory with the mounter's root and with targets. What a test leaves there is unmounted and
/// removed, and so is what an earlier run left that was killed.
/// </summary>
internal sealed class Node : IDisposable
{
    private const string Prefix = "sluice-mounter-tests-";
    private readonly string _directory;
    private readonly List<ScriptedRelay> _relays = [];

    private Node()
    {
        Sweep(path => !Directory.Exists($"/proc/{path.Split('-')[3]}"));
        _directory = Directory.CreateTempSubdirectory(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-")).FullName;
        Directory.CreateDirectory(Targets);
    }

    public string Root => Path.Combine(_directory, "root");

    public string Targets => Path.Combine(_directory, "targets");

    public MounterHost? Mounter { get; private set; }

    public TimeSpan RelayTimeout { get; set; }

    /// <summary>Skips the test where mounts are not to be had.</summary>
    public static Node Create()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: it mounts");
        Assert.SkipUnless(File.Exists("/dev/fuse"), "needs /dev/fuse");
        var node = new Node();
        try
        {
            string probe = node.Target("probe");
            Directory.CreateDirectory(probe);
            Mounts.Mount("probe", probe, "tmpfs", MountFlags.None);
            Mounts.Detach(probe);
            Directory.Delete(probe);
        }
        catch (LinuxException e)
        {
            node.Dispose();
            Assert.Skip($"needs the right to mount: {e.Message}");
        }
        return node;
    }

    public string Target(string name) => Path.Combine(Targets, name);

    public string SocketDirectory(string id) => Path.Combine(Root, "sessions", id, "socket");

    public async Task<MounterHost> StartAsync() => Mounter = await MounterHost.StartAsync(new(Root, _directory, RelayTimeout), NullLogger.Instance);

    /// <summary>Ends the mounter as a crash would: it closes its descriptors and says nothing.</summary>
    public async Task<MounterHost> RestartAsync()
    {
        Mounter!.Dispose();
        return await StartAsync();
    }

    public async Task PublishAsync(string id, bool readOnly = false, IReadOnlyDictionary<string, byte[]>? secret = null) =>
        await Mounter!.Sessions.PublishAsync(new(id, Target(id), readOnly, NoExec: false, 0, 0), secret);

    public async Task<SessionStatus> StatusAsync(string id) => (await Mounter!.Sessions.StatusAsync()).Single(session => session.Id == id);

    public ScriptedRelay Relay(string id)
    {
        var relay = new ScriptedRelay(SessionChannel.Connect(SocketDirectory(id)));
        _relays.Add(relay);
        return relay;
    }

    /// <summary>A relay that serves a fresh mount.</summary>
    public ScriptedRelay ServingRelay(string id, uint marker)
    {
        var relay = Relay(id);
        relay.Send(new Hello(1, 1, "test", false, 1, 0));
        relay.ReceiveWelcome(resumed: false);
        relay.Serve(marker);
        relay.AwaitInit();
        relay.Send(new Serving(1));
        Eventually(async () => (await StatusAsync(id)).State == SessionState.Serving);
        return relay;
    }

    public List<MountInfo> MountsAt(string id) => MountInfo.ReadAll().FindAll(mount => mount.MountPoint == Target(id));

    /// <summary>What stat(1) says of a target: its owner, which is the serving relay's marker, or the error. Null when it hangs.</summary>
    public string? Stat(string id) => Finish(StartStat(id), 1000);

    public Process StartStat(string id) => Process.Start(new ProcessStartInfo("stat", ["-c", "%u", Target(id)]) { RedirectStandardOutput = true, UseShellExecute = false, RedirectStandardError = true })!;

    public static string? Finish(Process process, int milliseconds)
    {
        using (process)
        {
            if (!process.WaitForExit(milliseconds))
                return null;
            return (process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd()).Trim();
        }
    }

    public static void Eventually(Func<Task<bool>> condition, int milliseconds = 5000)
    {
        for (var clock = Stopwatch.StartNew(); !condition().GetAwaiter().GetResult(); Thread.Sleep(5))
            Assert.True(clock.ElapsedMilliseconds < milliseconds, "not in time");
    }

    public void Dispose()
    {
        Mounter?.Dispose();
        foreach (var relay in _relays)
            relay.Dispose();
        Sweep(path => path == _directory);
    }

    private static void Sweep(Func<string, bool> isStale)
    {
        foreach (string directory in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*").Where(isStale))
        {
            var mounts = MountInfo.ReadAll().FindAll(mount => mount.MountPoint.StartsWith(directory + "/", StringComparison.Ordinal));
            using var connections = new FuseConnections();
            foreach (var mount in mounts.Where(mount => mount.Type.StartsWith("fuse", StringComparison.Ordinal)))
                connections.Abort(mount.Device.Minor);
            foreach (var mount in mounts)
                Mounts.Detach(mount.MountPoint);
            Directory.Delete(directory, recursive: true);
        }
    }
}
