using System.Globalization;
using Sluice.Linux;

namespace Sluice.Relay.Client;

/// <summary>
/// Our program in the place of fusermount3, for clients that insist on calling it (bindfs, rclone, s3fs). It mounts nothing:
/// it fetches the client's end of the socket from the relay and hands it over as the real one hands /dev/fuse over, one
/// byte and SCM_RIGHTS on the socket that _FUSE_COMMFD names.
/// </summary>
internal sealed class Fusermount : IDisposable
{
    /// <summary>Tells the program where the relay is.</summary>
    public const string SocketVariable = "SLUICE_FUSERMOUNT";

    private readonly FileDescriptor _listener;
    private readonly IReadOnlyList<string> _paths;
    private readonly string? _mountedOn;
    private volatile FileDescriptor? _socket;

    /// <summary>Listens for the program.</summary>
    /// <param name="socketPath">Where the program finds us: a directory that no one but the client's container sees.</param>
    /// <param name="paths">Paths where the client looks for it, to be covered in a mount namespace of the client's; empty where the pod's volumes do.</param>
    /// <param name="mountedOn">Our own mount, which the client's namespace must not hold.</param>
    public Fusermount(string socketPath, IReadOnlyList<string> paths, string? mountedOn)
    {
        SocketPath = socketPath;
        _paths = paths;
        _mountedOn = mountedOn;
        _listener = SocketMessages.Listen(socketPath);
        new Thread(Serve, 128 << 10) { IsBackground = true, Name = "fusermount" }.Start();
    }

    public string SocketPath { get; }

    /// <summary>From now on the program gets this end; null: none.</summary>
    public void Offer(FileDescriptor? socket) => _socket = socket;

    /// <summary>Covers the real programs with ours, for what the calling thread starts. Does nothing without paths.</summary>
    /// <exception cref="LinuxException">It needs CAP_SYS_ADMIN.</exception>
    public void ShowToClient()
    {
        if (_paths.Count == 0)
            return;
        string self = Files.ReadLink("/proc/self/exe");
        Mounts.UnshareThread();
        Mounts.MakeEverythingSlave();
        if (_mountedOn is not null)
            Mounts.Detach(_mountedOn); // a copy of it would keep the mount alive
        foreach (string path in _paths)
        {
            if (File.Exists(path))
                Mounts.Bind(self, path);
        }
    }

    public void Dispose()
    {
        SocketMessages.Shutdown(_listener);
        _listener.Dispose();
        File.Delete(SocketPath);
    }

    /// <summary>What the program does when a client calls it.</summary>
    /// <returns>The exit status.</returns>
    public static int Run(string[] arguments)
    {
        if (arguments.Contains("--version") || arguments.Contains("-V"))
        {
            Console.WriteLine("fusermount3 version: 3.14.0"); // what clients ask for; the shim itself takes any options
            return 0;
        }
        if (arguments.Contains("-u"))
            return 0; // the mount is the mounter's
        string? relay = Environment.GetEnvironmentVariable(SocketVariable) ?? OfParent();
        if (relay is null || !int.TryParse(Environment.GetEnvironmentVariable("_FUSE_COMMFD"), NumberStyles.None, CultureInfo.InvariantCulture, out int channel))
        {
            Console.Error.WriteLine($"fusermount of sluice-relay: neither {SocketVariable} nor _FUSE_COMMFD is set. It serves FUSE clients that sluice-relay has started and is not to be called by hand.");
            return 1;
        }
        try
        {
            using var connection = SocketMessages.Connect(relay);
            Span<byte> buffer = stackalloc byte[16];
            if (SocketMessages.Receive(connection, buffer, out var sockets) == 0 || sockets.Length != 1)
            {
                Console.Error.WriteLine("fusermount of sluice-relay: the relay has no session for this client now.");
                return 1;
            }
            using var client = new FileDescriptor(channel);
            SocketMessages.Send(client, [0], sockets[0]);
            sockets[0].Dispose();
            return 0;
        }
        catch (LinuxException e)
        {
            Console.Error.WriteLine($"fusermount of sluice-relay: {e.Message}");
            return 1;
        }
    }

    /// <summary>A client that clears the environment for it still has it in its own.</summary>
    private static string? OfParent()
    {
        try
        {
            string status = File.ReadLines("/proc/self/status").First(line => line.StartsWith("PPid:", StringComparison.Ordinal));
            string variables = File.ReadAllText($"/proc/{status.AsSpan(5).Trim()}/environ");
            return variables.Split('\0').FirstOrDefault(v => v.StartsWith(SocketVariable + "=", StringComparison.Ordinal))?[(SocketVariable.Length + 1)..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Serve()
    {
        while (true)
        {
            try
            {
                using var connection = SocketMessages.Accept(_listener);
                var socket = _socket;
                if (connection is not null && socket is not null)
                    SocketMessages.Send(connection, [1], socket);
            }
            catch (LinuxException)
            {
                if (_listener.IsClosed || !Poll.Wait(_listener, PollEvents.In, 0))
                    return; // closed
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }
}
