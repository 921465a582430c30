using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>Pipes and event descriptors.</summary>
public static unsafe partial class Pipes
{
    /// <summary>pipe2(2) with O_CLOEXEC.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static (FileDescriptor Reader, FileDescriptor Writer) Create()
    {
        int* ends = stackalloc int[2];
        return pipe2(ends, O_CLOEXEC) == 0 ? (new(ends[0]), new(ends[1])) : throw LinuxException.Last("pipe2");
    }

    /// <summary>An event that poll can wait for: readable from <see cref="Signal"/> until <see cref="Drain"/>.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static FileDescriptor CreateEvent()
    {
        int number = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return number >= 0 ? new(number) : throw LinuxException.Last("eventfd");
    }

    public static void Signal(FileDescriptor @event)
    {
        ulong one = 1;
        _ = Transfers.Write(@event.Number, (byte*)&one, sizeof(ulong));
        GC.KeepAlive(@event);
    }

    /// <summary>Takes the signals back that came until now.</summary>
    public static void Drain(FileDescriptor @event)
    {
        ulong count;
        _ = Transfers.Read(@event.Number, (byte*)&count, sizeof(ulong));
        GC.KeepAlive(@event);
    }

    private const int O_CLOEXEC = 0x80000;
    private const int EFD_CLOEXEC = 0x80000;
    private const int EFD_NONBLOCK = 0x800;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);
}
