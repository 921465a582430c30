using System.Globalization;
using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>What an open file is, without asking whoever serves it: statx(2) with AT_STATX_DONT_SYNC sends a FUSE server nothing.</summary>
/// <param name="Mode">File type and permissions (S_IF…).</param>
/// <param name="Special">Major and minor number of a device file.</param>
/// <param name="Holder">Major and minor number of the file system that it is on.</param>
public readonly unsafe partial record struct FileStatus(ushort Mode, (uint Major, uint Minor) Special, (uint Major, uint Minor) Holder)
{
    /// <summary>Looks at an open file; at a detached mount's root too.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static FileStatus Of(FileDescriptor file)
    {
        Statx status = default;
        if (statx(file, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MODE, &status) != 0)
            throw LinuxException.Last(string.Create(CultureInfo.InvariantCulture, $"statx({file.Number})"));
        return new(status.Mode, (status.RdevMajor, status.RdevMinor), (status.DevMajor, status.DevMinor));
    }

    /// <summary>Whether it is an open /dev/fuse (character device 10:229, Documentation/admin-guide/devices.txt).</summary>
    public bool IsFuseDevice => (Mode & S_IFMT) == S_IFCHR && Special == (10, 229);

    private const ushort S_IFMT = 0xF000;
    private const ushort S_IFCHR = 0x2000;
    private const int AT_EMPTY_PATH = 0x1000;
    private const int AT_STATX_DONT_SYNC = 0x4000;
    private const uint STATX_TYPE = 1;
    private const uint STATX_MODE = 2;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(FileDescriptor directory, string path, int flags, uint mask, Statx* status);

    /// <summary>struct statx, the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(128)]
        public uint RdevMajor;

        [FieldOffset(132)]
        public uint RdevMinor;

        [FieldOffset(136)]
        public uint DevMajor;

        [FieldOffset(140)]
        public uint DevMinor;
    }
}
