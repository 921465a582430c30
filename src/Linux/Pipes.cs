using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>Pipes.</summary>
public static unsafe partial class Pipes
{
    /// <summary>pipe2(2) with O_CLOEXEC.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static (FileDescriptor Reader, FileDescriptor Writer) Create()
    {
        int* ends = stackalloc int[2];
        return pipe2(ends, O_CLOEXEC) == 0 ? (new(ends[0]), new(ends[1])) : throw LinuxException.Last("pipe2");
    }

    private const int O_CLOEXEC = 0x80000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);
}
