using System.Diagnostics;
using System.Text.Json;
using Sluice.Session;

namespace Sluice.Mounter.Tests;

/// <summary>The program itself, killed as a node kills it.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly List<Process> _started = [];

    public void Dispose()
    {
        foreach (var process in _started)
        {
            if (!process.HasExited)
                process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }

    [Fact]
    public void A_mounter_that_is_killed_thirty_times_costs_a_reader_nothing()
    {
        using var node = Node.Create();
        var daemon = Serve(node);
        Run(0, "publish", "--root", node.Root, "--id", "a", "--target", node.Target("a"), "--read-only", "--uid", "1000", "--no-exec");
        var relay = node.Relay("a");
        relay.Send(new Hello(1, 1, "test", false, 1, 0));
        ulong connection = relay.ReceiveWelcome(resumed: false).MountId;
        relay.Serve(marker: 1);
        relay.AwaitInit();
        relay.Send(new Serving(1));
        Node.Eventually(() => Task.FromResult(node.MountsAt("a").Count == 2));

        long longest = 0;
        for (int i = 0; i < 30; i++)
        {
            daemon.Kill();
            longest = Math.Max(longest, TimeOfStat(node));
            daemon.WaitForExit();
            longest = Math.Max(longest, TimeOfStat(node));
            daemon = Serve(node);
            Assert.True(relay.IsDisconnected());
            relay = relay.Reconnected(SessionChannel.Connect(node.SocketDirectory("a")));
            relay.Serve(marker: 1);
            relay.Send(new Hello(1, 1, "test", true, 1, 0));
            relay.Send(new Deposit(connection), relay.Device);
            relay.ReceiveWelcome(resumed: true);
            relay.Send(new Serving(1));
            longest = Math.Max(longest, TimeOfStat(node));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"longest stat {longest} ms, starting stat(1) included");
        Assert.True(longest < 1000, $"{longest} ms");
        Assert.Equal(2, node.MountsAt("a").Count);

        var lines = Run(0, "status", "--root", node.Root).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        using var status = JsonDocument.Parse(lines[0]);
        Assert.Equal(("a", "Serving", connection), (status.RootElement.GetProperty("id").GetString()!, status.RootElement.GetProperty("state").GetString()!, status.RootElement.GetProperty("connection").GetUInt64()));
        Assert.Contains("\"deposits\":1", lines[1], StringComparison.Ordinal);

        Run(0, "unpublish", "--root", node.Root, "--id", "a");
        Assert.Empty(node.MountsAt("a"));
        Assert.False(Directory.Exists(node.Target("a")));
        relay.Dispose();
    }

    [Fact]
    public void What_cannot_be_done_is_said_and_the_exit_code_is_1()
    {
        using var node = Node.Create();
        Assert.Contains("no daemon serves", Run(1, "status", "--root", node.Root), StringComparison.Ordinal);
        Serve(node);
        Assert.Contains("No such file or directory", Run(1, "publish", "--root", node.Root, "--id", "a", "--target", node.Target("none/a")), StringComparison.Ordinal);
        Assert.Contains("--id", Run(1, "publish", "--root", node.Root, "--id", "../a", "--target", node.Target("a")), StringComparison.Ordinal);
        Run(0, "unpublish", "--root", node.Root, "--id", "none");
        var second = Start("serve", "--root", node.Root, "--reap-below", node.Targets);
        Assert.True(second.WaitForExit(10_000));
        Assert.Equal(1, second.ExitCode);
    }

    [Fact]
    public void SIGTERM_ends_the_daemon_and_leaves_the_mounts()
    {
        using var node = Node.Create();
        var daemon = Serve(node);
        Run(0, "publish", "--root", node.Root, "--id", "a", "--target", node.Target("a"));
        using (var kill = Process.Start("kill", [daemon.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            kill.WaitForExit();
        Assert.True(daemon.WaitForExit(10_000));
        Assert.Equal(0, daemon.ExitCode);
        Assert.Single(node.MountsAt("a"));
    }

    private static long TimeOfStat(Node node)
    {
        var clock = Stopwatch.StartNew();
        Assert.Equal("1", node.Stat("a"));
        return clock.ElapsedMilliseconds;
    }

    private Process Serve(Node node)
    {
        var daemon = Start("serve", "--root", node.Root, "--reap-below", node.Targets);
        for (string? line = ""; !line.Contains("Serving {sessions}", StringComparison.Ordinal);)
            line = daemon.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"the daemon ended: {daemon.StandardError.ReadToEnd()}");
        return daemon;
    }

    private string Run(int exitCode, params string[] arguments)
    {
        var process = Start(arguments);
        string output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(exitCode == process.ExitCode, output);
        return output;
    }

    private Process Start(params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "sluice-mounter"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        _started.Add(process);
        return process;
    }
}
