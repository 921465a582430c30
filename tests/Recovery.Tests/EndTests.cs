using System.Diagnostics;
using Sluice.Linux;
using Sluice.Mounter.Sessions;
using Sluice.Recovery.Tests.Applications;

namespace Sluice.Recovery.Tests;

/// <summary>Ends: asked for, and by the death of everybody at once.</summary>
public sealed class EndTests
{
    [Fact]
    public void After_SIGTERM_every_call_fails_at_once_and_the_target_can_be_unpublished()
    {
        Room.Require("bindfs");
        using var session = Session.Bindfs(readOnly: true, withMounter: true);
        int file = Posix.Open(Data.Big(session.Mount), Posix.ReadOnly);
        Assert.Equal(0, session.Terminate());
        Until(session, SessionState.Closed);
        byte[] buffer = new byte[100];
        Assert.Equal(Errno.ENOTCONN, Timed.ErrorOf(() => Posix.ReadAt(file, buffer, 1_000_000), 100, "read"));
        Assert.Equal(Errno.ENOTCONN, Timed.ErrorOf(() => Posix.Stat(session.Mount + "/small"), 100, "stat"));
        Assert.Equal(Errno.ENOTCONN, Timed.ErrorOf(() => Posix.FileSystem(session.Mount), 100, "statfs"));
        Assert.Equal(Errno.ENOTCONN, Posix.ErrorOf(() => Posix.Close(file)));
        session.EndAndLeaveNothing();
        Assert.False(Directory.Exists(session.Mount));
    }

    [Fact]
    public void Unpublishing_a_session_that_is_served_ends_its_calls()
    {
        Room.Require("bindfs");
        using var session = Session.Bindfs(readOnly: true, withMounter: true);
        int file = Posix.Open(Data.Big(session.Mount), Posix.ReadOnly);
        session.Unpublish();
        byte[] buffer = new byte[100];
        Assert.Equal(Errno.ENOTCONN, Timed.ErrorOf(() => Posix.ReadAt(file, buffer, 1_000_000), 1000, "read"));
        Assert.Equal(Errno.ENOTCONN, Posix.ErrorOf(() => Posix.Close(file)));
        Assert.DoesNotContain(Room.SessionMounts(), line => line.Contains(session.Mount, StringComparison.Ordinal));
    }

    [Fact]
    public void When_relay_and_mounter_die_together_a_fresh_mount_takes_the_place()
    {
        Room.Require("bindfs");
        using var session = Session.Bindfs(readOnly: true, withMounter: true);
        int file = Posix.Open(Data.Big(session.Mount), Posix.ReadOnly);
        session.KillBoth(() =>
        {
            byte[] buffer = new byte[100];
            Assert.Equal(Errno.ENOTCONN, Timed.ErrorOf(() => Posix.ReadAt(file, buffer, 1_000_000), 1000, "read of an old file"));
            Assert.Equal(Errno.ENOTCONN, Posix.ErrorOf(() => Posix.Close(file)));
        });
        Assert.Equal(Data.BigLength, Posix.Stat(Data.Big(session.Mount)).Size);
        Assert.Contains(session.Lines, line => line.Contains("fresh mount", StringComparison.Ordinal));
        session.EndAndLeaveNothing();
        Assert.False(Directory.Exists(session.Mount));
    }

    [Fact]
    public void A_local_session_leaves_no_mount_no_process_and_no_file()
    {
        Room.Require("bindfs");
        var before = Processes();
        string directory = Room.NewDirectory();
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["TMPDIR"] = directory };
        using (var relay = new RunningProgram(Room.Relay, ["mount", Path.Combine(directory, "mount"), "--read-only", "--fusermount", "--", "bindfs", "-f", Room.Source, "${mountpoint}"], variables))
        {
            relay.LineWith("serving");
            Assert.True(File.Exists(Data.Big(Path.Combine(directory, "mount"))));
            relay.Signal(15);
            Assert.Equal(0, relay.ExitWithin(10_000));
        }
        Assert.Empty(Directory.GetFileSystemEntries(directory));
        Assert.DoesNotContain(Room.SessionMounts(), line => line.Contains(directory, StringComparison.Ordinal));
        for (var clock = Stopwatch.StartNew(); Processes().Except(before, StringComparer.Ordinal).Any(); Thread.Sleep(10))
            Assert.True(clock.ElapsedMilliseconds < 2000, $"processes stay: {string.Join(' ', Processes().Except(before, StringComparer.Ordinal))}");
    }

    private static void Until(Session session, SessionState state)
    {
        for (var clock = Stopwatch.StartNew(); session.MounterStatus()?.State != state; Thread.Sleep(2))
            Assert.True(clock.ElapsedMilliseconds < 5000, $"{session.MounterStatus()}");
    }

    /// <summary>Of this PID namespace, in which nobody else starts any.</summary>
    private static HashSet<string> Processes() => [.. Directory.GetDirectories("/proc").Select(path => Path.GetFileName(path)).Where(name => name.All(char.IsAsciiDigit))];
}
