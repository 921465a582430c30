using Sluice.Linux;
using Sluice.Recovery.Tests.Applications;

namespace Sluice.Recovery.Tests;

/// <summary>Clients that are stopped, cannot start, or are not there for long.</summary>
public sealed class AbsentClientTests
{
    private const int SIGSTOP = 19;
    private const int SIGCONT = 18;

    [Fact]
    public void Of_a_stopped_client_what_is_known_is_answered_within_a_second()
    {
        Room.Require("bindfs");
        using var session = Session.Bindfs(readOnly: true, withMounter: false);
        _ = Posix.Stat(Data.Small(session.Mount));
        _ = Posix.FileSystem(session.Mount);
        Thread.Sleep(1500); // until the kernel knows nothing any more
        int client = session.AwaitClient();
        Posix.Kill(client, SIGSTOP);
        AnswersWhatIsKnown(session);
        Posix.Kill(client, SIGCONT);
        Timed.Succeeds(() => Posix.Stat(Data.Big(session.Mount)), 2000, "stat after SIGCONT");
        session.EndAndLeaveNothing();
    }

    [Fact]
    public void A_stopped_client_is_replaced_after_the_hang_timeout()
    {
        Room.Require("bindfs");
        using var session = Session.Bindfs(readOnly: true, withMounter: false, "--hang-timeout", "2s");
        int client = session.AwaitClient();
        Posix.Kill(client, SIGSTOP);
        Timed.Succeeds(() => Posix.Close(Posix.Open(Data.Big(session.Mount), Posix.ReadOnly)), 5000, "open with a stopped client");
        Assert.NotEqual(client, session.AwaitClient());
        session.EndAndLeaveNothing();
    }

    [Fact]
    public void A_killed_task_does_not_wait_for_a_stopped_client()
    {
        Room.Require("bindfs");
        using var session = Session.Bindfs(readOnly: true, withMounter: false);
        int client = session.AwaitClient();
        Posix.Kill(client, SIGSTOP);
        using var reader = new RunningProgram("/bin/cat", [Data.Big(session.Mount)]);
        Thread.Sleep(1500);
        Assert.False(reader.HasExited);
        reader.Signal(ChildProcess.SIGKILL);
        _ = reader.ExitWithin(4000);
        Posix.Kill(client, SIGCONT);
        session.EndAndLeaveNothing();
    }

    [Fact]
    public void While_no_client_can_start_what_is_known_is_answered_and_the_rest_fails_after_the_client_timeout()
    {
        using var session = WithClientThatCanBeForbidden(out string forbidden, "--client-timeout", "1s");
        _ = Posix.Stat(Data.Small(session.Mount));
        _ = Posix.FileSystem(session.Mount);
        int file = Posix.Open(Data.Big(session.Mount), Posix.ReadOnly);
        Thread.Sleep(1500);
        File.WriteAllText(forbidden, "");
        session.KillClient();
        byte[] buffer = new byte[100];
        Assert.Equal(Errno.EIO, Timed.ErrorOf(() => Posix.ReadAt(file, buffer, 5_000_000), 3000, "read without a client"));
        Assert.Equal(Errno.EIO, Timed.ErrorOf(() => Posix.ReadAt(file, buffer, 9_000_000), 200, "another read"));
        File.Delete(forbidden);
        session.AwaitClient();
        Timed.Succeeds(() => Posix.ReadAt(file, buffer, 15_000_000), 2000, "read with a client again");
        Posix.Close(file);
        session.EndAndLeaveNothing();
    }

    [Fact]
    public void While_no_client_can_start_stat_and_df_return()
    {
        using var session = WithClientThatCanBeForbidden(out string forbidden);
        _ = Posix.Stat(Data.Small(session.Mount));
        _ = Posix.FileSystem(session.Mount);
        Thread.Sleep(1500);
        File.WriteAllText(forbidden, "");
        session.KillClient();
        AnswersWhatIsKnown(session);
        File.Delete(forbidden);
        session.AwaitClient();
        session.EndAndLeaveNothing();
    }

    private static void AnswersWhatIsKnown(Session session)
    {
        Timed.Succeeds(() => Posix.Stat(session.Mount), 1000, "stat of the mount point");
        Timed.Succeeds(() => Posix.Stat(Data.Small(session.Mount)), 2000, "stat of a known directory");
        Timed.Succeeds(() => Posix.FileSystem(session.Mount), 1000, "statfs");
    }

    /// <summary>A client that exits at once while a file is there.</summary>
    private static Session WithClientThatCanBeForbidden(out string forbidden, params string[] options)
    {
        Room.Require("bindfs");
        forbidden = Path.Combine(Room.NewDirectory(), "forbidden");
        string command = $"test -e {forbidden} && exit 3; exec bindfs -f {Room.Source} \"$0\"";
        return new(readOnly: true, withMounter: false, [.. options, "--fusermount", "--", "sh", "-c", command, "${mountpoint}"]);
    }
}
