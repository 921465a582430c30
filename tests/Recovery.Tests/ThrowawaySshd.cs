using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sluice.Recovery.Tests.Applications;

namespace Sluice.Recovery.Tests;

/// <summary>An SSH server with keys of its own on a free port of the loopback, for the tests' user alone.</summary>
internal sealed class ThrowawaySshd : IDisposable
{
    private readonly RunningProgram _sshd;
    private readonly string _directory;
    private readonly int _port;

    private ThrowawaySshd(string directory, int port)
    {
        (_directory, _port) = (directory, port);
        string config = Path.Combine(directory, "sshd_config");
        File.WriteAllText(config, string.Create(CultureInfo.InvariantCulture, $"""
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {directory}/host
            AuthorizedKeysFile {directory}/user.pub
            PidFile none
            StrictModes no
            UsePAM no
            PermitRootLogin yes
            MaxStartups 100
            Subsystem sftp internal-sftp

            """));
        _sshd = new(Room.Find("sshd")!, ["-D", "-e", "-f", config]);
        _sshd.LineWith("Server listening");
    }

    /// <summary>Starts one, or skips the test.</summary>
    public static ThrowawaySshd Start()
    {
        Room.Require("sshfs", "sshd", "ssh", "ssh-keygen");
        Directory.CreateDirectory("/run/sshd"); // privilege separation wants it
        string directory = Room.NewDirectory();
        foreach (string name in new[] { "host", "user" })
        {
            using var keygen = Process.Start("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(directory, name)]);
            keygen.WaitForExit();
        }
        return new(directory, FreePort());
    }

    /// <summary>sshfs over the tests' source.</summary>
    public string[] Client(params string[] options) =>
    [
        "sshfs", "-f", "-p", _port.ToString(CultureInfo.InvariantCulture), "-o",
        $"IdentityFile={_directory}/user,UserKnownHostsFile=/dev/null,StrictHostKeyChecking=no,BatchMode=yes", .. options,
        $"root@127.0.0.1:{Room.Source}", "${mountpoint}",
    ];

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        _sshd.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
