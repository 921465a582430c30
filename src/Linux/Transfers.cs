using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>
/// Reads and writes of the data path: no object, no exception, no copy. Each returns the bytes moved, or the negative error
/// number, as the kernel does. The caller keeps the descriptor open.
/// </summary>
public static unsafe partial class Transfers
{
    /// <summary>read(2).</summary>
    public static int Read(int fd, byte* buffer, int length)
    {
        nint moved = read(fd, buffer, (nuint)length);
        return moved >= 0 ? (int)moved : -Marshal.GetLastPInvokeError();
    }

    /// <summary>write(2).</summary>
    public static int Write(int fd, byte* buffer, int length)
    {
        nint moved = write(fd, buffer, (nuint)length);
        return moved >= 0 ? (int)moved : -Marshal.GetLastPInvokeError();
    }

    /// <summary>writev(2): the parts are one message on a socket and on /dev/fuse.</summary>
    public static int Write(int fd, IoVector* parts, int count)
    {
        nint moved = writev(fd, parts, count);
        return moved >= 0 ? (int)moved : -Marshal.GetLastPInvokeError();
    }

    /// <summary>sendmsg(2) of one message in parts; never SIGPIPE, and -EAGAIN instead of waiting for room.</summary>
    public static int Send(int fd, IoVector* parts, int count)
    {
        var header = new MessageHeader { Vectors = parts, VectorCount = (nuint)count };
        nint moved = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
        return moved >= 0 ? (int)moved : -Marshal.GetLastPInvokeError();
    }

    /// <summary>recv(2) of one message; MSG_TRUNC makes a cut message return its real length, which is more than there is room for.</summary>
    /// <param name="fd">The socket.</param>
    /// <param name="buffer">Where it goes.</param>
    /// <param name="length">The room there.</param>
    /// <param name="wait">False: -EAGAIN where nothing is there.</param>
    public static int Receive(int fd, byte* buffer, int length, bool wait = true)
    {
        nint moved = recv(fd, buffer, (nuint)length, wait ? MSG_TRUNC : MSG_TRUNC | MSG_DONTWAIT);
        return moved >= 0 ? (int)moved : -Marshal.GetLastPInvokeError();
    }

    private const int MSG_TRUNC = 0x20;
    private const int MSG_DONTWAIT = 0x40;
    private const int MSG_NOSIGNAL = 0x4000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint writev(int fd, IoVector* parts, int count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int fd, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int fd, byte* buffer, nuint length, int flags);
}
