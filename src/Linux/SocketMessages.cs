using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>
/// Unix sockets of type SOCK_SEQPACKET: whole messages, with descriptors beside the bytes (SCM_RIGHTS). What arrives has
/// close-on-exec set; a message or a list of descriptors that was cut is an error, never half a message.
/// </summary>
public static unsafe partial class SocketMessages
{
    /// <summary>Descriptors in one message. The wire limit of the session protocol; the kernel's own is 253 (SCM_MAX_FD).</summary>
    public const int MaxDescriptors = 16;

    /// <summary>A connected pair, both ends blocking and close-on-exec.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static (FileDescriptor First, FileDescriptor Second) CreatePair()
    {
        int* ends = stackalloc int[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
            throw LinuxException.Last("socketpair(AF_UNIX, SOCK_SEQPACKET)");
        return (new(ends[0]), new(ends[1]));
    }

    /// <summary>
    /// Sizes the sender's buffer, which bounds the largest message (half of what the kernel keeps, less 32 bytes).
    /// SO_SNDBUFFORCE needs CAP_NET_ADMIN; without it net.core.wmem_max is the limit.
    /// </summary>
    /// <returns>The bytes that the kernel granted: it doubles the value for its own bookkeeping.</returns>
    public static int SetSendBuffer(FileDescriptor socket, int bytes)
    {
        if (setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(int)) != 0)
            _ = setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(int));
        int granted = 0, length = sizeof(int);
        return getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &granted, &length) == 0 ? granted : throw LinuxException.Last("getsockopt(SO_SNDBUF)");
    }

    /// <summary>A listening socket at <paramref name="path"/>; what lies there already is removed, being of a dead listener.</summary>
    /// <param name="path">At most 107 bytes: bind through /proc/self/fd/N/NAME where it may be longer.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static FileDescriptor Listen(string path)
    {
        var socket = NewSocket();
        try
        {
            _ = unlink(path);
            var address = new UnixAddress(path);
            if (bind(socket, &address, sizeof(UnixAddress)) != 0 || listen(socket, 16) != 0)
                throw LinuxException.Last($"bind({path})");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The next connection, blocking and close-on-exec; null when a non-blocking listener has none.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static FileDescriptor? Accept(FileDescriptor listener)
    {
        int number;
        do
            number = accept4(listener, null, null, SOCK_CLOEXEC);
        while (number < 0 && Marshal.GetLastPInvokeError() is Errno.EINTR or Errno.ECONNABORTED);
        if (number >= 0)
            return new(number);
        return Marshal.GetLastPInvokeError() == Errno.EAGAIN ? null : throw LinuxException.Last("accept4");
    }

    /// <summary>Connects to the listener at <paramref name="path"/> (at most 107 bytes).</summary>
    /// <exception cref="LinuxException">The call failed: ENOENT and ECONNREFUSED while nobody listens.</exception>
    public static FileDescriptor Connect(string path)
    {
        var socket = NewSocket();
        var address = new UnixAddress(path);
        if (connect(socket, &address, sizeof(UnixAddress)) == 0)
            return socket;
        var error = LinuxException.Last($"connect({path})");
        socket.Dispose();
        throw error;
    }

    /// <summary>Ends both directions for every holder of the open socket, whoever else has a duplicate.</summary>
    public static void Shutdown(FileDescriptor socket) => _ = shutdown(socket, SHUT_RDWR);

    /// <summary>The process at the other end when it connected: for the log, not an authorisation.</summary>
    public static (int Pid, int Uid, int Gid) Peer(FileDescriptor socket)
    {
        int* credentials = stackalloc int[3];
        int length = 3 * sizeof(int);
        return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, credentials, &length) == 0
            ? (credentials[0], credentials[1], credentials[2])
            : throw LinuxException.Last("getsockopt(SO_PEERCRED)");
    }

    /// <summary>Sends one message with its descriptors, waiting for room where the socket is blocking.</summary>
    /// <exception cref="LinuxException">The call failed: EPIPE when the peer is gone, EAGAIN when a non-blocking socket is full.</exception>
    public static void Send(FileDescriptor socket, ReadOnlySpan<byte> message, params ReadOnlySpan<FileDescriptor> descriptors)
    {
        if (descriptors.Length > MaxDescriptors)
            throw new LinuxException("sendmsg", Errno.EINVAL);
        byte* control = stackalloc byte[ControlSpace];
        fixed (byte* bytes = message)
        {
            var vector = new IoVector { Base = bytes, Length = (nuint)message.Length };
            var header = new MessageHeader { Vectors = &vector, VectorCount = 1 };
            if (descriptors.Length > 0)
            {
                header.Control = control;
                header.ControlLength = (nuint)(ControlHeaderSize + ((descriptors.Length * sizeof(int) + 7) & ~7));
                *(nuint*)control = (nuint)(ControlHeaderSize + (descriptors.Length * sizeof(int)));
                ((int*)control)[2] = SOL_SOCKET;
                ((int*)control)[3] = SCM_RIGHTS;
                for (int i = 0; i < descriptors.Length; i++)
                    ((int*)(control + ControlHeaderSize))[i] = descriptors[i].Number;
            }
            nint sent;
            do
                sent = sendmsg(socket, &header, MSG_NOSIGNAL);
            while (sent < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);
            foreach (var descriptor in descriptors)
                GC.KeepAlive(descriptor);
            if (sent < 0)
                throw LinuxException.Last("sendmsg");
        }
    }

    /// <summary>Receives one message.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="buffer">Room for the longest message that the protocol knows.</param>
    /// <param name="descriptors">What came beside it; the caller owns them.</param>
    /// <returns>The message's length; 0 when the peer has closed its end.</returns>
    /// <exception cref="LinuxException">The call failed (EAGAIN: nothing there), or EMSGSIZE: message or descriptors were cut.</exception>
    public static int Receive(FileDescriptor socket, Span<byte> buffer, out FileDescriptor[] descriptors)
    {
        int length = Receive(socket, buffer, out descriptors, out bool cut);
        if (!cut && descriptors.Length <= MaxDescriptors)
            return length;
        foreach (var descriptor in descriptors)
            descriptor.Dispose();
        throw new LinuxException("recvmsg", Errno.EMSGSIZE);
    }

    /// <summary>
    /// Receives one message of a peer that is not trusted: whatever descriptors came are the caller's to close, for that may
    /// hang (files of a FUSE mount that nobody answers for, sockets that linger), and none is closed here or in the kernel.
    /// </summary>
    /// <param name="socket">The socket.</param>
    /// <param name="buffer">Room for the longest message that the protocol knows.</param>
    /// <param name="descriptors">What came beside it, up to the kernel's own limit of 253; the caller owns them.</param>
    /// <param name="cut">The message was longer than the buffer, or this process has no room for its descriptors.</param>
    /// <returns>The message's length, of what is there; 0 when the peer has closed its end.</returns>
    /// <exception cref="LinuxException">The call failed (EAGAIN: nothing there).</exception>
    public static int Receive(FileDescriptor socket, Span<byte> buffer, out FileDescriptor[] descriptors, out bool cut)
    {
        byte* control = stackalloc byte[ReceivedControlSpace];
        fixed (byte* bytes = buffer)
        {
            var vector = new IoVector { Base = bytes, Length = (nuint)buffer.Length };
            var header = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = ReceivedControlSpace };
            nint received;
            do
                received = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
            while (received < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);
            if (received < 0)
                throw LinuxException.Last("recvmsg");
            descriptors = Descriptors(control, header.ControlLength);
            cut = (header.Flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
            return (int)received;
        }
    }

    private static FileDescriptor[] Descriptors(byte* control, nuint length)
    {
        if (length < ControlHeaderSize || ((int*)control)[2] != SOL_SOCKET || ((int*)control)[3] != SCM_RIGHTS)
            return [];
        var descriptors = new FileDescriptor[(int)(*(nuint*)control - ControlHeaderSize) / sizeof(int)];
        for (int i = 0; i < descriptors.Length; i++)
            descriptors[i] = new(((int*)(control + ControlHeaderSize))[i]);
        return descriptors;
    }

    private static FileDescriptor NewSocket()
    {
        int number = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        return number >= 0 ? new(number) : throw LinuxException.Last("socket(AF_UNIX, SOCK_SEQPACKET)");
    }

    private const int AF_UNIX = 1;
    private const int SOCK_SEQPACKET = 5;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int SOL_SOCKET = 1;
    private const int SO_SNDBUF = 7;
    private const int SO_PEERCRED = 17;
    private const int SO_SNDBUFFORCE = 32;
    private const int SCM_RIGHTS = 1;
    private const int SHUT_RDWR = 2;
    private const int MSG_CTRUNC = 8;
    private const int MSG_TRUNC = 0x20;
    private const int MSG_NOSIGNAL = 0x4000;
    private const int MSG_CMSG_CLOEXEC = 0x40000000;
    private const int ControlHeaderSize = 16; // struct cmsghdr of a 64-bit kernel
    private const int ControlSpace = ControlHeaderSize + (MaxDescriptors * sizeof(int));
    private const int ReceivedControlSpace = ControlHeaderSize + (254 * sizeof(int)); // SCM_MAX_FD is 253

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* ends);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(FileDescriptor socket, int level, int name, void* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(FileDescriptor socket, int level, int name, void* value, int* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(FileDescriptor socket, UnixAddress* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(FileDescriptor socket, UnixAddress* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(FileDescriptor socket, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(FileDescriptor socket, void* address, int* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(FileDescriptor socket, int how);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(FileDescriptor socket, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(FileDescriptor socket, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink(string path);

    /// <summary>struct sockaddr_un.</summary>
    [InlineArray(PathCapacity)]
    private struct PathBytes
    {
        public const int PathCapacity = 108;
        private byte _first;
    }

    private struct UnixAddress
    {
        public ushort Family;
        public PathBytes Path;

        public UnixAddress(string path)
        {
            Family = AF_UNIX;
            Path = default;
            if (System.Text.Encoding.UTF8.GetByteCount(path) >= PathBytes.PathCapacity)
                throw new LinuxException($"bind or connect({path})", Errno.ENAMETOOLONG);
            System.Text.Encoding.UTF8.GetBytes(path, MemoryMarshal.CreateSpan(ref Unsafe.As<PathBytes, byte>(ref Path), PathBytes.PathCapacity));
        }
    }
}

/// <summary>struct iovec.</summary>
public unsafe struct IoVector
{
    public byte* Base;
    public nuint Length;
}

/// <summary>struct msghdr of a 64-bit kernel.</summary>
internal unsafe struct MessageHeader
{
    public void* Name;
    public int NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public void* Control;
    public nuint ControlLength;
    public int Flags;
}
