using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>epoll(7), level-triggered, for input: a wait costs what is ready, not what is watched.</summary>
public sealed unsafe partial class EventPoll : IDisposable
{
    private readonly FileDescriptor _epoll;
    private readonly byte[] _events = new byte[Batch * EventSize];

    /// <summary>An epoll instance that watches nothing yet.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public EventPoll()
    {
        int number = epoll_create1(EPOLL_CLOEXEC);
        _epoll = number >= 0 ? new(number) : throw LinuxException.Last("epoll_create1");
    }

    /// <summary>How many tokens one wait returns at most.</summary>
    public const int Batch = 64;

    /// <summary>Watches for input, the end of the peer and errors, until <see cref="Remove"/>.</summary>
    /// <param name="fd">Not watched yet.</param>
    /// <param name="token">What <see cref="Wait"/> returns for it.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public void Add(FileDescriptor fd, ulong token)
    {
        byte* entry = stackalloc byte[EventSize];
        *(uint*)entry = EPOLLIN;
        BinaryPrimitives.WriteUInt64LittleEndian(new Span<byte>(entry + DataOffset, sizeof(ulong)), token);
        if (epoll_ctl(_epoll, EPOLL_CTL_ADD, fd, entry) != 0)
            throw LinuxException.Last($"epoll_ctl(EPOLL_CTL_ADD, {fd.Number})");
    }

    /// <summary>Ends the watch. To be called before the descriptor is closed: a duplicate elsewhere would keep it.</summary>
    public void Remove(FileDescriptor fd) => _ = epoll_ctl(_epoll, EPOLL_CTL_DEL, fd, null);

    /// <summary>Waits; returns how many of <paramref name="tokens"/> were filled: 0 after <paramref name="milliseconds"/> (-1: for ever) or a signal.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public int Wait(Span<ulong> tokens, int milliseconds)
    {
        fixed (byte* events = _events)
        {
            int ready = epoll_wait(_epoll, events, Math.Min(Batch, tokens.Length), milliseconds);
            if (ready < 0)
                return Marshal.GetLastPInvokeError() == Errno.EINTR ? 0 : throw LinuxException.Last("epoll_wait");
            for (int i = 0; i < ready; i++)
                tokens[i] = BinaryPrimitives.ReadUInt64LittleEndian(_events.AsSpan((i * EventSize) + DataOffset));
            return ready;
        }
    }

    public void Dispose() => _epoll.Dispose();

    // struct epoll_event is packed on x86-64 alone.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataOffset + sizeof(ulong);

    private const int EPOLL_CLOEXEC = 0x80000;
    private const int EPOLL_CTL_ADD = 1;
    private const int EPOLL_CTL_DEL = 2;
    private const uint EPOLLIN = 1;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(FileDescriptor epoll, int operation, FileDescriptor fd, byte* entry);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(FileDescriptor epoll, byte* events, int count, int milliseconds);
}
