using System.Globalization;
using System.Net.Sockets;

namespace Sluice.Injection.Tests.Profiles;

/// <summary>Throw-away servers on a free port of the loopback, each with keys and configuration of its own.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly RunningProgram _program;

    private LoopbackServer(RunningProgram program, int port)
    {
        _program = program;
        Port = port;
    }

    public int Port { get; }
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary><c>rclone serve webdav</c> or <c>http</c> over the scratch's data.</summary>
    public static async Task<LoopbackServer> RcloneAsync(string protocol, Scratch scratch)
    {
        var port = Scratch.FreePort();
        var program = RunningProgram.Start("rclone", ["serve", protocol, scratch.Data, "--config=", string.Create(CultureInfo.InvariantCulture, $"--addr=127.0.0.1:{port}")]);
        return await ListeningAsync(program, port);
    }

    /// <summary>OpenSSH's server with a fresh host key; the client's key and known_hosts are left in the scratch's auth.</summary>
    public static async Task<LoopbackServer> SshAsync(Scratch scratch)
    {
        var directory = Path.Combine(scratch.Root, "sshd");
        Directory.CreateDirectory(directory);
        Directory.CreateDirectory("/run/sshd"); // sshd insists on it
        var hostKey = Path.Combine(directory, "host_key");
        var clientKey = Path.Combine(scratch.Auth, "ssh-key");
        foreach (var key in (string[])[hostKey, clientKey])
            Assert.Equal(0, (await RunningProgram.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)).ExitCode);
        var port = Scratch.FreePort();
        var hostKeyFields = (await File.ReadAllTextAsync(hostKey + ".pub", TestContext.Current.CancellationToken)).Split(' ');
        await File.WriteAllTextAsync(Path.Combine(scratch.Auth, "known_hosts"), string.Create(CultureInfo.InvariantCulture, $"[127.0.0.1]:{port} {hostKeyFields[0]} {hostKeyFields[1]}\n"), TestContext.Current.CancellationToken);
        var configuration = Path.Combine(directory, "sshd_config");
        await File.WriteAllTextAsync(configuration, string.Create(CultureInfo.InvariantCulture, $"""
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {hostKey}
            PidFile none
            AuthorizedKeysFile {clientKey}.pub
            StrictModes no
            PermitRootLogin prohibit-password
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            UsePAM no
            Subsystem sftp internal-sftp

            """), TestContext.Current.CancellationToken);
        return await ListeningAsync(RunningProgram.Start("/usr/sbin/sshd", ["-D", "-e", "-f", configuration]), port);
    }

    public ValueTask DisposeAsync() => _program.DisposeAsync();

    private static async Task<LoopbackServer> ListeningAsync(RunningProgram program, int port)
    {
        Assert.True(await program.WaitUntilAsync(() => Answers(port), 20), program.Output);
        return new LoopbackServer(program, port);
    }

    private static bool Answers(int port)
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
