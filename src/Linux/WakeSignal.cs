using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>eventfd(2): lets one thread end another one's wait.</summary>
public sealed unsafe partial class WakeSignal : IDisposable
{
    /// <summary>A signal that is not set.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public WakeSignal()
    {
        int number = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        Descriptor = number >= 0 ? new(number) : throw LinuxException.Last("eventfd");
    }

    /// <summary>Readable once it was set.</summary>
    public FileDescriptor Descriptor { get; }

    public void Set()
    {
        ulong one = 1;
        _ = Transfers.Write(Descriptor.Number, (byte*)&one, sizeof(ulong));
    }

    public void Reset()
    {
        ulong count;
        _ = Transfers.Read(Descriptor.Number, (byte*)&count, sizeof(ulong));
    }

    public void Dispose() => Descriptor.Dispose();

    private const int EFD_NONBLOCK = 0x800;
    private const int EFD_CLOEXEC = 0x80000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);
}
