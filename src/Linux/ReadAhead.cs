using System.Globalization;
using System.Text;

namespace Sluice.Linux;

/// <summary>How far the kernel reads ahead of a sequential reader: a property of the file system's backing device.</summary>
public static unsafe class ReadAhead
{
    /// <summary>Requests on their way at a time. Measured: two gain less, and eight spoil the processor's cache (docs/performance.md).</summary>
    private const int Requests = 4;

    /// <summary>
    /// Raises it for the FUSE mount of <paramref name="connection"/>, so that a reader does not wait for each request in turn.
    /// To be called once the client has answered INIT, by which the kernel lowers the window.
    /// </summary>
    /// <param name="connection">Minor number of the mount's device, whose major number is 0.</param>
    /// <param name="largestRead">Bytes of the mount's largest request.</param>
    /// <returns>0, or the error number: EROFS where sysfs is mounted read-only, as in an unprivileged container.</returns>
    public static int Raise(uint connection, int largestRead)
    {
        byte[] kilobytes = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Requests * largestRead >> 10}"));
        try
        {
            using var window = FileDescriptor.Open(string.Create(CultureInfo.InvariantCulture, $"/sys/class/bdi/0:{connection}/read_ahead_kb"), OpenFlags.WriteOnly);
            fixed (byte* text = kilobytes)
            {
                int written = Transfers.Write(window.Number, text, kilobytes.Length);
                return written < 0 ? -written : 0;
            }
        }
        catch (LinuxException e)
        {
            return e.Errno;
        }
    }
}
