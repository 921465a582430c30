using System.Globalization;
using Sluice.Recovery.Tests.Applications;
using Sluice.Testing;

namespace Sluice.Recovery.Tests;

/// <summary>s3fs against an S3 server on the loopback (s3rver of npm, which make test installs).</summary>
public sealed class S3fsTests
{
    private const string Bucket = "data";
    private const string Key = "S3RVER"; // its only account, and that one's secret too

    [Fact]
    public void No_read_fails_while_its_client_is_killed()
    {
        using var server = Serve(out string url, out string passwords);
        string[] client = ["s3fs", Bucket, "${mountpoint}", "-f", "-o", $"url={url},use_path_request_style,passwd_file={passwords},umask=0022,complement_stat"];
        using var session = new Session(readOnly: true, withMounter: false, ["--durability", "Upload", "--fusermount", "--", .. client]);
        using var applications = new RunningApplications(session.Mount, RunningApplications.Readers);
        int kills = Kills.Count(20);
        Kills.Repeat(kills, _ => session.KillClient(1500), from: 0, to: 10);
        session.AwaitClient();
        var reports = applications.End();
        Kills.Tell("s3fs ro", kills, reports, session);
        session.EndAndLeaveNothing();
    }

    private static RunningProgram Serve(out string url, out string passwords)
    {
        Room.Require("s3fs", "rclone", "node");
        string program = Repository.PathOf("out", "npm", "node_modules", "s3rver", "bin", "s3rver.js");
        Assert.SkipUnless(File.Exists(program), "needs out/npm/node_modules/s3rver: make test installs it where npm is");
        string directory = Room.NewDirectory();
        int port = ThrowawaySshd.FreePort();
        url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        var server = new RunningProgram(Room.Find("node")!, [program, "--directory", directory, "--address", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--configure-bucket", Bucket]);
        server.LineWith("listening on");
        passwords = Path.Combine(Room.NewDirectory(), "passwd");
        File.WriteAllText(passwords, $"{Key}:{Key}");
        File.SetUnixFileMode(passwords, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string[] upload = ["copy", Room.Source, $":s3,provider=Other,access_key_id={Key},secret_access_key={Key},endpoint='{url}',force_path_style=true:{Bucket}", "--config", "/dev/null", "--transfers", "8"];
        using var uploading = new RunningProgram(Room.Find("rclone")!, upload, new Dictionary<string, string>(StringComparer.Ordinal) { ["AWS_CA_BUNDLE"] = "" });
        Assert.Equal(0, uploading.ExitWithin(60_000));
        return server;
    }
}
