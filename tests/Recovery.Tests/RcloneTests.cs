using System.Globalization;
using Sluice.Recovery.Tests.Applications;

namespace Sluice.Recovery.Tests;

/// <summary>rclone against a WebDAV server of its own on the loopback.</summary>
public sealed class RcloneTests
{
    [Fact]
    public void No_read_fails_while_its_client_is_killed_a_hundred_times()
    {
        using var server = Serve(out int port);
        using var session = new Session(readOnly: true, withMounter: false, ["--durability", "Upload", "--fusermount", "--", .. Client(port), "--read-only"]);
        using var applications = new RunningApplications(session.Mount, RunningApplications.Readers);
        int kills = Kills.Count(100);
        Kills.Repeat(kills, _ => session.KillClient(200), from: 0, to: 10);
        session.AwaitClient();
        var reports = applications.End();
        Kills.Tell("rclone ro", kills, reports, session);
        session.EndAndLeaveNothing();
    }

    [Fact]
    public void No_read_fails_while_its_relay_and_its_mounter_are_killed()
    {
        using var server = Serve(out int port);
        using var session = new Session(readOnly: true, withMounter: true, ["--durability", "Upload", "--fusermount", "--", .. Client(port), "--read-only"]);
        Kills.OfRelayAndMounter("rclone ro", session);
    }

    /// <summary>Writes go to the client's cache directory, which outlives it, and from there to the server.</summary>
    [Fact]
    public void No_closed_file_is_lost_without_a_word_while_its_client_is_killed()
    {
        using var server = Serve(out int port);
        string[] cache = ["--vfs-cache-mode", "writes", "--vfs-write-back", "200ms", "--cache-dir", Room.NewDirectory()];
        using var session = new Session(readOnly: false, withMounter: false, ["--durability", "Upload", "--fusermount", "--", .. Client(port), .. cache]);
        using var applications = new RunningApplications(session.Mount, $"{RunningApplications.Readers},upload", told: true);
        int kills = Kills.Count(20);
        Kills.Repeat(kills, _ => session.KillClient(800), from: 0, to: 10);
        session.AwaitClient();
        var reports = applications.End();
        Kills.Tell("rclone rw", kills, reports, session);
        session.EndAndLeaveNothing();
    }

    private static RunningProgram Serve(out int port)
    {
        Room.Require("rclone");
        port = ThrowawaySshd.FreePort();
        string[] arguments = ["serve", "webdav", Room.Source, "--config", "/dev/null", "--addr", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), "-v"];
        var server = new RunningProgram(Room.Find("rclone")!, arguments);
        server.LineWith("Server started on", milliseconds: 60_000);
        return server;
    }

    private static string[] Client(int port) =>
    [
        "rclone", "mount", "--config", "/dev/null", "--webdav-url", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"), "--webdav-vendor", "other",
        ":webdav:", "${mountpoint}", "--dir-cache-time", "10s",
    ];
}
