using System.CommandLine;
using System.Text.Json;
using Sluice.Linux;

namespace Sluice.Relay.Commands;

/// <summary>
/// <c>sluice-relay wait</c>: the start gate. It returns when the sessions are served, so that no application container starts
/// before its data is there; or says what the client said last.
/// </summary>
internal static class WaitCommand
{
    private const int RetryMilliseconds = 50;

    public static Command Build()
    {
        var session = new Option<string[]>("--session") { Description = "NAMESPACE/NAME of a dataset of this pod. Repeatable.", DefaultValueFactory = _ => [] };
        var mounted = new Option<string[]>("--mounted") { Description = "A directory on which a session must be mounted. Repeatable.", DefaultValueFactory = _ => [] };
        var timeout = CommonOptions.Duration("--timeout", "When to give up.", TimeSpan.FromMinutes(2));
        var volume = new Option<string>("--session-volume") { Description = "Where the mounter's socket lies.", DefaultValueFactory = _ => "/sluice" };
        var state = new Option<string>("--state") { Description = "The relay's private directory.", DefaultValueFactory = _ => "/sluice-state" };
        var command = new Command("wait", "Wait until sessions are served.") { session, mounted, timeout, volume, state };
        command.SetAction(result => Run(
            result.GetValue(session) ?? [], result.GetValue(mounted) ?? [], result.GetValue(timeout), result.GetRequiredValue(volume), result.GetRequiredValue(state)));
        return command;
    }

    private static int Run(string[] sessions, string[] mounted, TimeSpan timeout, string volume, string state)
    {
        if (sessions.Length + mounted.Length == 0)
            return Program.Fail("name what to wait for: --session NAMESPACE/NAME or --mounted PATH");
        long until = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (Missing(sessions, mounted, volume) is { } missing)
        {
            if (Environment.TickCount64 > until)
                return Program.Fail($"{missing} is not served after {timeout.TotalSeconds:0} s{LastLines(state)}");
            Thread.Sleep(RetryMilliseconds);
        }
        return 0;
    }

    private static string? Missing(string[] sessions, string[] mounted, string volume)
    {
        if (mounted.Length > 0)
        {
            var mounts = MountedSessions();
            if (mounted.FirstOrDefault(path => !mounts.Contains(path)) is { } absent)
                return absent;
        }
        return sessions.Length == 0 ? null : Mounting.ServedSessions.Missing(volume, sessions);
    }

    /// <summary>Where sessions are mounted, by the kernel's list: looking at the paths themselves would hang on a dead one.</summary>
    private static HashSet<string> MountedSessions() =>
        [.. File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(" - fuse.sluice ", StringComparison.Ordinal)).Select(line => line.Split(' ')[4])];

    private static string LastLines(string state)
    {
        try
        {
            using var document = JsonDocument.Parse(StatusCommand.Ask(state));
            string? lines = document.RootElement.GetProperty("lastLines").GetString();
            return string.IsNullOrEmpty(lines) ? "; the client has printed nothing" : $". The client's last lines:\n{lines}";
        }
        catch (LinuxException)
        {
            return "; its relay does not answer";
        }
    }
}
