using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>struct pollfd. A negative descriptor is passed over.</summary>
public struct PollEntry(int fd, PollEvents events)
{
    public int Fd = fd;
    public PollEvents Events = events;
    public PollEvents Returned;
}

/// <summary>Events of poll(2).</summary>
[Flags]
public enum PollEvents : short
{
    None = 0,
    In = 1,
    Out = 4,
    Error = 8,
    HangUp = 0x10,
    Invalid = 0x20,
}

/// <summary>Waiting for descriptors.</summary>
public static unsafe partial class Poll
{
    /// <summary>poll(2). Returns how many entries have events; 0 after <paramref name="milliseconds"/> (-1: for ever) or a signal.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static int Wait(Span<PollEntry> entries, int milliseconds)
    {
        fixed (PollEntry* first = entries)
        {
            int ready = poll(first, (nuint)entries.Length, milliseconds);
            if (ready >= 0)
                return ready;
            return Marshal.GetLastPInvokeError() == Errno.EINTR ? 0 : throw LinuxException.Last("poll");
        }
    }

    /// <summary>Waits for one descriptor; false after <paramref name="milliseconds"/> (-1: for ever) or a signal.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static bool Wait(FileDescriptor fd, PollEvents events, int milliseconds)
    {
        Span<PollEntry> entries = [new(fd.Number, events)];
        bool ready = Wait(entries, milliseconds) > 0;
        GC.KeepAlive(fd);
        return ready;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollEntry* entries, nuint count, int milliseconds);
}
