using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Sluice.Linux;

/// <summary>
/// Calls on names that look at nothing but the name's own directory. What .NET has for them asks stat(2) first, which
/// follows into a mount and hangs there when nobody answers for it.
/// </summary>
public static unsafe partial class Files
{
    /// <summary>mkdir(2). A name that is taken, by a mount too, is not looked into.</summary>
    /// <returns>Whether it was made; false when the name is taken.</returns>
    /// <exception cref="LinuxException">The call failed otherwise.</exception>
    public static bool TryMakeDirectory(string path, int mode)
    {
        if (mkdir(path, (uint)mode) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == Errno.EEXIST ? false : throw LinuxException.Last($"mkdir({path})");
    }

    /// <summary>rmdir(2).</summary>
    /// <returns>0, or the positive error number: ENOENT, ENOTEMPTY, EBUSY (something is mounted there).</returns>
    public static int RemoveDirectory(string path) => rmdir(path) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>chmod(2).</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void SetMode(string path, int mode)
    {
        if (chmod(path, (uint)mode) != 0)
            throw LinuxException.Last($"chmod({path})");
    }

    /// <summary>readlink(2).</summary>
    /// <exception cref="LinuxException">The call failed: EINVAL where it is no link.</exception>
    public static string ReadLink(string path)
    {
        byte* target = stackalloc byte[PathMax];
        nint length = readlink(path, target, PathMax);
        return length >= 0 ? Encoding.UTF8.GetString(target, (int)length) : throw LinuxException.Last($"readlink({path})");
    }

    /// <summary>The path of an open file as the kernel sees it now, without links: how /proc/self/mountinfo writes it.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static string PathOf(FileDescriptor file)
    {
        string path = ReadLink(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.Number}"));
        GC.KeepAlive(file);
        return path;
    }

    private const int PathMax = 4096;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlink(string path, byte* target, nuint size);
}
