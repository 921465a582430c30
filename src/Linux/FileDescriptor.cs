using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>
/// A descriptor and the duty to close it. Every descriptor of the product is one of these from the call that made it, and
/// has close-on-exec set: a child gets only what is named for it.
/// </summary>
public sealed partial class FileDescriptor : SafeHandle
{
    /// <summary>Takes the ownership of <paramref name="number"/>.</summary>
    public FileDescriptor(int number)
        : base(-1, ownsHandle: true) =>
        SetHandle(number);

    public override bool IsInvalid => handle < 0;

    /// <summary>The number, for the calls of this library and for texts; whoever uses it keeps this object alive meanwhile.</summary>
    public int Number => (int)handle;

    /// <summary>open(2) with O_CLOEXEC.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static FileDescriptor Open(string path, OpenFlags flags, int mode = 0)
    {
        int number = open(path, (int)(flags | OpenFlags.CloseOnExec), mode);
        return number >= 0 ? new(number) : throw LinuxException.Last($"open({path})");
    }

    /// <summary>A second descriptor of the same open file, numbered 3 or above (go-fuse refuses 0).</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public FileDescriptor Duplicate()
    {
        int number = fcntl(this, F_DUPFD_CLOEXEC, 3);
        return number >= 0 ? new(number) : throw LinuxException.Last($"fcntl({Number}, F_DUPFD_CLOEXEC)");
    }

    /// <summary>Sets or clears O_NONBLOCK. It belongs to the open file: every duplicate, here or in another process, sees it.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public void SetNonBlocking(bool on)
    {
        int flags = fcntl(this, F_GETFL, 0);
        flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        if (flags < 0 || fcntl(this, F_SETFL, flags) < 0)
            throw LinuxException.Last($"fcntl({Number}, F_SETFL)");
    }

    protected override bool ReleaseHandle() => close((int)handle) == 0;

    private const int F_GETFL = 3;
    private const int F_SETFL = 4;
    private const int F_DUPFD_CLOEXEC = 1030;
    private const int O_NONBLOCK = 0x800;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(FileDescriptor fd, int command, nint argument);

    [LibraryImport("libc")]
    private static partial int close(int fd);
}

/// <summary>Flags of open(2), the same on x86-64 and arm64 but for those of directories, which differ by architecture.</summary>
[Flags]
public enum OpenFlags
{
    ReadOnly = 0,
    WriteOnly = 1,
    ReadWrite = 2,
    Create = 0x40,
    Exclusive = 0x80,
    Truncate = 0x200,
    NonBlocking = 0x800,
    CloseOnExec = 0x80000,
    Path = 0x200000,
}
