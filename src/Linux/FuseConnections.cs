using System.Globalization;

namespace Sluice.Linux;

/// <summary>
/// The kernel's FUSE connections: their numbers, and fusectl, which ends one whoever holds its device. Its mount of fusectl
/// hangs nowhere: there need be none at /sys/fs/fuse/connections, and in a container there is none. It is made at the first
/// use and kept, for to give up a mount takes the kernel tens of milliseconds.
/// </summary>
public sealed unsafe class FuseConnections : IDisposable
{
    private readonly Lazy<FileDescriptor> _control = new(
        static () => Mounts.CreateDetached("fusectl", [], MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec),
        LazyThreadSafetyMode.PublicationOnly);

    /// <summary>
    /// The connection of an open /dev/fuse, which is the minor number of its mount's device. Null where the kernel does not
    /// tell (/proc/self/fdinfo says <c>fuse_connection:</c> on Linux 6.18), and for a device without a mount.
    /// </summary>
    public static uint? Of(FileDescriptor device)
    {
        foreach (string line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{device.Number}")))
        {
            if (line.StartsWith(FdInfoField, StringComparison.Ordinal))
                return uint.Parse(line.AsSpan(FdInfoField.Length).Trim(), CultureInfo.InvariantCulture);
        }
        GC.KeepAlive(device);
        return null;
    }

    /// <summary>
    /// Ends a connection: requests that wait fail with ECONNABORTED, and every later call on the mount is ENOTCONN. The
    /// caller knows the number to be of its own mount: numbers are given again once a mount is gone.
    /// </summary>
    /// <returns>Whether there was such a connection.</returns>
    /// <exception cref="LinuxException">The kernel has no fusectl, or the process not the right to use it.</exception>
    public bool Abort(uint connection)
    {
        try
        {
            using var abort = FileDescriptor.Open(
                string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_control.Value.Number}/{connection}/abort"), OpenFlags.WriteOnly);
            byte one = (byte)'1';
            int written = Transfers.Write(abort.Number, &one, 1);
            return written == 1 ? true : throw new LinuxException($"write(fusectl {connection}/abort)", -written);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (_control.IsValueCreated)
            _control.Value.Dispose();
    }

    private const string FdInfoField = "fuse_connection:";
}
