using System.Globalization;
using System.Text;
using Sluice.Linux;

namespace Sluice.Relay.Client;

/// <summary>
/// One run of the FUSE client: an unmodified program whose /dev/fuse is a socket. It starts without CAP_SYS_ADMIN and with
/// no_new_privs, gets nothing of the relay's but that socket, and what it prints goes on to our standard error.
/// </summary>
internal sealed unsafe class ClientProcess : IDisposable
{
    /// <summary>The number of the socket at the client. libfuse takes /dev/fd/N as a mount point; go-fuse refuses 0.</summary>
    public const int SocketNumber = 3;
    public const string MountPointVariable = "${mountpoint}";

    private readonly ChildProcess _child;
    private readonly LastLines _output;

    private ClientProcess(ChildProcess child, LastLines output)
    {
        _child = child;
        _output = output;
        StartTime = ReadStartTime(child.Id);
    }

    public int Id => _child.Id;

    /// <summary>In clock ticks since boot; 0 when it has ended already.</summary>
    public ulong StartTime { get; }

    /// <summary>Readable once it has ended.</summary>
    public FileDescriptor Ended => _child.Ended;

    /// <summary>What it printed last.</summary>
    public string LastLines => _output.ToString();

    /// <summary>Starts the client with its end of the socket, which stays the caller's.</summary>
    /// <exception cref="LinuxException">It cannot be started.</exception>
    public static ClientProcess Start(RelayOptions options, FileDescriptor socket, Fusermount? fusermount)
    {
        var arguments = options.Client.Select(argument => argument.Replace(
            MountPointVariable, fusermount is null ? $"/dev/fd/{SocketNumber}" : options.MountPoint, StringComparison.Ordinal)).ToArray();
        var (reader, writer) = Pipes.Create();
        ChildProcess? child = null;
        Exception? failure = null;
        // A thread gives its rights up for good, so that each start has one of its own.
        var thread = new Thread(() =>
        {
            try
            {
                child = StartConfined(options, arguments, socket, writer, fusermount);
            }
            catch (Exception e)
            {
                failure = e;
            }
        }, 256 << 10)
        { Name = "client start" };
        thread.Start();
        thread.Join();
        writer.Dispose();
        if (child is null)
        {
            reader.Dispose();
            throw failure!;
        }
        return new(child, Client.LastLines.Follow(reader));
    }

    /// <summary>Ends a client that a killed relay left running, if the number is still its.</summary>
    public static void EndLeftover(int pid, ulong startTime)
    {
        if (pid > 1 && startTime != 0 && ReadStartTime(pid) == startTime)
            ChildProcess.SignalGroup(pid, ChildProcess.SIGKILL);
    }

    public void Signal(int signal) => _child.Signal(signal);

    /// <summary>Ends it and what it started.</summary>
    public void Kill()
    {
        _child.SignalGroup(ChildProcess.SIGKILL);
        _child.Signal(ChildProcess.SIGKILL);
    }

    /// <summary>How it ended; null while it runs. Orphans that it left to us are collected too.</summary>
    public ChildExit? Reap()
    {
        ChildProcess.ReapOrphans(_child.Id);
        return _child.Reap();
    }

    public void Dispose() => _child.Dispose();

    private static ChildProcess StartConfined(RelayOptions options, string[] arguments, FileDescriptor socket, FileDescriptor output, Fusermount? fusermount)
    {
        fusermount?.ShowToClient();
        Confinement.SetNoNewPrivileges();
        Confinement.TryDropSysAdmin();
        Confinement.ForbidSplicingInto(SocketNumber);
        var environment = new List<string>();
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
            environment.Add($"{variable.Key}={variable.Value}");
        environment.AddRange(options.ClientEnvironment);
        if (fusermount is null)
            return ChildProcess.Start(arguments, environment, (socket.Number, SocketNumber), (output.Number, 1), (output.Number, 2));
        environment.Add($"{Fusermount.SocketVariable}={fusermount.SocketPath}");
        return ChildProcess.Start(arguments, environment, (output.Number, 1), (output.Number, 2));
    }

    /// <summary>Field 22 of /proc/PID/stat, after the name in parentheses, which may hold anything.</summary>
    private static ulong ReadStartTime(int pid)
    {
        try
        {
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"), Encoding.Latin1);
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return ulong.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
