using System.Globalization;
using Sluice.Api;

namespace Sluice.Injection.Tests.Profiles;

/// <summary>
/// The clients that a Debian machine has, started with the argv that the injection writes. They mount by themselves here,
/// in a mount namespace of their own; the relay's hand-over is tested with the relay.
/// </summary>
public sealed class RealClientsTests
{
    private static readonly Dictionary<string, string> Secret = new(StringComparer.Ordinal)
    {
        ["accessKey"] = "AKIDEXAMPLE",
        ["secretKey"] = "secret",
        ["key"] = "c2VjcmV0",
    };

    [Theory]
    [InlineData(Access.ReadOnly)]
    [InlineData(Access.ReadWrite)]
    public async Task Bindfs_serves_a_host_directory(Access access)
    {
        await NeedsAsync("bindfs");
        using var scratch = new Scratch();
        await Serves(scratch, RenderedSidecar.Dataset("file://scratch/sub"), access, owner: "1234:1236");
    }

    [Theory]
    [InlineData(Access.ReadOnly)]
    [InlineData(Access.ReadWrite)]
    public async Task Sshfs_serves_a_directory_of_a_server_whose_key_is_known(Access access)
    {
        await NeedsAsync("sshfs", "ssh", "/usr/sbin/sshd");
        using var scratch = new Scratch();
        await using var server = await LoopbackServer.SshAsync(scratch);
        await Serves(scratch, RenderedSidecar.Dataset($"sftp://root@{server.Address}{scratch.Data}", "sshfs"), access, owner: "1234:1236");
    }

    [Fact]
    public async Task Sshfs_refuses_a_server_whose_key_is_not_in_the_Secret()
    {
        await NeedsAsync("sshfs", "ssh", "/usr/sbin/sshd");
        using var scratch = new Scratch();
        await using var server = await LoopbackServer.SshAsync(scratch);
        await File.WriteAllTextAsync(Path.Combine(scratch.Auth, "known_hosts"), "", TestContext.Current.CancellationToken);
        await using var client = Start(scratch, RenderedSidecar.Dataset($"sftp://root@{server.Address}{scratch.Data}", "sshfs"), Access.ReadOnly);
        Assert.True(await client.WaitUntilAsync(() => client.Output.Contains("Host key verification failed", StringComparison.Ordinal), 30), client.Output);
        Assert.False(client.HasMounted(scratch.Mountpoint) && File.Exists(Path.Combine(client.Inside(scratch.Mountpoint), "hello")));
    }

    [Theory]
    [InlineData(Access.ReadOnly)]
    [InlineData(Access.ReadWrite)]
    public async Task Rclone_serves_a_directory_over_sftp(Access access)
    {
        await NeedsAsync("rclone", "/usr/sbin/sshd");
        using var scratch = new Scratch();
        await using var server = await LoopbackServer.SshAsync(scratch);
        await Serves(scratch, RenderedSidecar.Dataset($"sftp://root@{server.Address}{scratch.Data}"), access, owner: "1234:1236");
    }

    [Theory]
    [InlineData(Access.ReadOnly)]
    [InlineData(Access.ReadWrite)]
    public async Task Rclone_serves_a_directory_over_webdav(Access access)
    {
        await NeedsAsync("rclone");
        using var scratch = new Scratch();
        await using var server = await LoopbackServer.RcloneAsync("webdav", scratch);
        await Serves(scratch, RenderedSidecar.Dataset($"webdav://{server.Address}/"), access, owner: "1234:1236");
    }

    [Fact]
    public async Task Rclone_serves_the_pages_of_an_http_server()
    {
        await NeedsAsync("rclone");
        using var scratch = new Scratch();
        await using var server = await LoopbackServer.RcloneAsync("http", scratch);
        await Serves(scratch, RenderedSidecar.Dataset($"http://{server.Address}/"), Access.ReadOnly, owner: "1234:1236");
    }

    /// <summary>No S3 server is at hand: what is shown is that the client took every flag and went to the right place.</summary>
    [Theory]
    [InlineData("rclone-s3", "rclone", "connection refused")]
    [InlineData("s3fs", "s3fs", "COULDNT_CONNECT")]
    public async Task S3_clients_take_the_argv_and_go_to_the_endpoint(string profile, string program, string sign)
    {
        await NeedsAsync(program);
        using var scratch = new Scratch();
        var port = Scratch.FreePort();
        var dataset = RenderedSidecar.Dataset("s3://bucket/prefix", profile, new(StringComparer.Ordinal)
        {
            ["endpoint"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"),
            ["region"] = "eu-west-1",
        });
        await using var client = Start(scratch, dataset, Access.ReadOnly);
        Assert.True(await client.WaitUntilAsync(() => client.Output.Contains(sign, StringComparison.Ordinal), 60), client.Output);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), client.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rclone-s3")]
    [InlineData("rclone-gs")]
    [InlineData("rclone-azureblob")]
    [InlineData("rclone-webdav")]
    [InlineData("rclone-http")]
    [InlineData("rclone-sftp")]
    public async Task Rclone_knows_every_flag_of_its_profiles(string profile)
    {
        await NeedsAsync("rclone");
        var global = await RunningProgram.RunAsync("rclone", "help", "flags");
        var mount = await RunningProgram.RunAsync("rclone", "mount", "--help");
        var known = (global.Output + mount.Output).Split([' ', '\n', ',']).ToHashSet(StringComparer.Ordinal);
        Assert.All(
            ShippedProfiles.Named(profile).Spec.Fuse.Command.Where(item => item.StartsWith("--", StringComparison.Ordinal)),
            item => Assert.Contains(item.Split('=', '$')[0], known));
    }

    /// <summary>Reads through the mount, sees the owner, and can write exactly when the access says so; then a clean end.</summary>
    private static async Task Serves(Scratch scratch, Dataset dataset, Access access, string owner)
    {
        await using var client = Start(scratch, dataset, access);
        Assert.True(await client.WaitUntilAsync(() => client.HasMounted(scratch.Mountpoint), 30), client.Output);
        var mount = client.Inside(scratch.Mountpoint);
        Assert.Equal("hello from the source\n", await File.ReadAllTextAsync(Path.Combine(mount, "hello"), TestContext.Current.CancellationToken));
        Assert.Equal(owner, (await RunningProgram.RunAsync("stat", "--format=%u:%g", Path.Combine(mount, "hello"))).Output.Trim());
        if (access == Access.ReadOnly)
        {
            var refusal = await Assert.ThrowsAnyAsync<Exception>(() => File.WriteAllTextAsync(Path.Combine(mount, "new"), "x", TestContext.Current.CancellationToken));
            Assert.Contains("Read-only file system", refusal.Message, StringComparison.Ordinal);
        }
        else
        {
            await File.WriteAllTextAsync(Path.Combine(mount, "new"), "written", TestContext.Current.CancellationToken);
            var source = Path.Combine(scratch.Data, "new");
            Assert.True(await client.WaitUntilAsync(() => File.Exists(source) && File.ReadAllText(source) == "written", 30), client.Output);
        }
        Assert.True(await client.StopAsync(), client.Output);
    }

    private static RunningProgram Start(Scratch scratch, Dataset dataset, Access access)
    {
        var sidecar = RenderedSidecar.Of(dataset, access);
        var environment = sidecar.Environment.ToDictionary(e => e.Key, e => scratch.Localised(e.Value), StringComparer.Ordinal);
        environment["RCLONE_LOG_LEVEL"] = "DEBUG"; // a refused connection is said at once, not after a minute of retries
        foreach (var (name, key) in sidecar.SecretVariables)
        {
            if (Secret.TryGetValue(key, out var value))
                environment[name] = value;
        }
        return RunningProgram.StartPrivately(sidecar.Argv.Select(scratch.Localised), environment);
    }

    private static async Task NeedsAsync(params string[] programs)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: FUSE clients mount by themselves here");
        Assert.SkipUnless(File.Exists("/dev/fuse"), "needs /dev/fuse");
        foreach (var program in programs)
            Assert.SkipUnless(IsInstalled(program), $"needs {program}");
        int exit;
        try
        {
            exit = (await RunningProgram.RunAsync("unshare", "--mount", "true")).ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            exit = -1;
        }
        Assert.SkipUnless(exit == 0, "needs unshare --mount");
    }

    private static bool IsInstalled(string program) =>
        program.StartsWith('/')
            ? File.Exists(program)
            : ((string[])["/usr/local/bin", "/usr/bin", "/bin"]).Any(directory => File.Exists(Path.Combine(directory, program)));
}
