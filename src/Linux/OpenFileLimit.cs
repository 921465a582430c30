using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>RLIMIT_NOFILE of this process.</summary>
public static unsafe partial class OpenFileLimit
{
    /// <summary>Raises the soft limit to the hard one; returns it.</summary>
    public static ulong Raise()
    {
        ulong* limits = stackalloc ulong[2];
        if (prlimit(0, RLIMIT_NOFILE, null, limits) != 0)
            throw LinuxException.Last("prlimit(RLIMIT_NOFILE)");
        limits[0] = limits[1];
        return prlimit(0, RLIMIT_NOFILE, limits, null) == 0 ? limits[1] : throw LinuxException.Last("prlimit(RLIMIT_NOFILE)");
    }

    private const int RLIMIT_NOFILE = 7;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prlimit(int pid, int resource, ulong* limits, ulong* old);
}
