using System.Globalization;
using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>Mounting in two halves (fsopen … fsmount, then move_mount; Linux 5.2), the old way in one, and what goes with it.</summary>
public static unsafe partial class Mounts
{
    /// <summary>
    /// A mount that hangs nowhere yet: nobody can reach it, and closing the descriptor undoes it. The kernel sends FUSE_INIT
    /// to the device as soon as it exists.
    /// </summary>
    /// <param name="type">The file system: <c>fuse</c>, <c>tmpfs</c>.</param>
    /// <param name="options">Options with their value; a null value is a flag.</param>
    /// <param name="attributes">Of the mount, not of the file system.</param>
    /// <exception cref="LinuxException">A call failed; the message has the kernel's own words where it gave some.</exception>
    public static FileDescriptor CreateDetached(string type, IEnumerable<KeyValuePair<string, string?>> options, MountAttributes attributes)
    {
        using var context = Opened(syscall(SYS_fsopen, Utf8(type), FSOPEN_CLOEXEC), $"fsopen({type})");
        foreach (var (name, value) in options)
            Configure(context, value is null ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, name, value);
        if (attributes.HasFlag(MountAttributes.ReadOnly))
            Configure(context, FSCONFIG_SET_FLAG, "ro", null);
        Configure(context, FSCONFIG_CMD_CREATE, null, null);
        return Opened(syscall(SYS_fsmount, context.Number, FSMOUNT_CLOEXEC, (nint)attributes), $"fsmount({type})");
    }

    /// <summary>Puts a detached mount on top of what <paramref name="target"/> shows. The target is not looked into: a dead mount there does not hang it.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void Attach(FileDescriptor mount, string target)
    {
        fixed (byte* path = Utf8Bytes(target))
        {
            byte empty = 0;
            if (syscall(SYS_move_mount, mount.Number, (nint)(&empty), AT_FDCWD, (nint)path, MOVE_MOUNT_F_EMPTY_PATH) != 0)
                throw LinuxException.Last($"move_mount({target})");
        }
        GC.KeepAlive(mount);
    }

    /// <summary>mount(2) of a new file system.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void Mount(string source, string target, string type, MountFlags flags, string? data = null)
    {
        if (mount(source, target, type, (nuint)flags, data) != 0)
            throw LinuxException.Last($"mount({type}, {target})");
    }

    /// <summary>Shows <paramref name="source"/>, a file or a directory, at <paramref name="target"/> too.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void Bind(string source, string target)
    {
        if (mount(source, target, null, (nuint)MountFlags.Bind, null) != 0)
            throw LinuxException.Last($"mount({source}, {target}, MS_BIND)");
    }

    /// <summary>From now on mounts made in the parent namespace appear in this one, and none of this one's in the parent.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void MakeEverythingSlave()
    {
        if (mount("none", "/", null, MS_REC | MS_SLAVE, null) != 0)
            throw LinuxException.Last("mount(/, MS_REC | MS_SLAVE)");
    }

    /// <summary>umount2(2) with MNT_DETACH and UMOUNT_NOFOLLOW: takes the top layer away at once, whoever uses it.</summary>
    /// <returns>Whether something was unmounted; false where nothing is mounted (EINVAL) or no such path exists (ENOENT).</returns>
    /// <exception cref="LinuxException">The call failed otherwise.</exception>
    public static bool Detach(string target)
    {
        if (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
            return true;
        return Marshal.GetLastPInvokeError() is Errno.EINVAL or Errno.ENOENT ? false : throw LinuxException.Last($"umount2({target}, MNT_DETACH)");
    }

    /// <summary>
    /// unshare(2) for the calling thread alone: from now on what it mounts, and what its children see, is apart from the
    /// process. A thread that called this must end and never go back to a pool.
    /// </summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void UnshareThread()
    {
        if (unshare(CLONE_FS | CLONE_NEWNS) != 0)
            throw LinuxException.Last("unshare(CLONE_FS | CLONE_NEWNS)");
    }

    private static void Configure(FileDescriptor context, uint command, string? name, string? value)
    {
        fixed (byte* key = Utf8Bytes(name))
        fixed (byte* text = Utf8Bytes(value))
        {
            if (syscall(SYS_fsconfig, context.Number, (nint)command, (nint)key, (nint)text, 0) == 0)
                return;
            var error = LinuxException.Last(string.Create(CultureInfo.InvariantCulture, $"fsconfig({name ?? "create"}{(value is null ? "" : "=")}{value})"));
            throw Explanation(context) is { } words ? new LinuxException($"{error.Operation} [{words}]", error.Errno) : error;
        }
    }

    /// <summary>What the file system wrote into the context's log: "e fuse: Bad value for 'fd'".</summary>
    private static string? Explanation(FileDescriptor context)
    {
        byte* log = stackalloc byte[512];
        int length = Transfers.Read(context.Number, log, 512);
        return length > 0 ? System.Text.Encoding.UTF8.GetString(log, length).Trim() : null;
    }

    private static FileDescriptor Opened(nint result, string operation) => result >= 0 ? new((int)result) : throw LinuxException.Last(operation);

    private static byte[]? Utf8Bytes(string? text) => text is null ? null : System.Text.Encoding.UTF8.GetBytes(text + '\0');

    private static nint syscall(nint number, byte[] text, nint flags)
    {
        fixed (byte* first = text)
            return syscall(number, (nint)first, flags, 0, 0, 0);
    }

    private static byte[] Utf8(string text) => Utf8Bytes(text)!;

    private const nint SYS_move_mount = 429; // the same numbers on every architecture since Linux 5.2
    private const nint SYS_fsopen = 430;
    private const nint SYS_fsconfig = 431;
    private const nint SYS_fsmount = 432;
    private const nint FSOPEN_CLOEXEC = 1;
    private const nint FSMOUNT_CLOEXEC = 1;
    private const uint FSCONFIG_SET_FLAG = 0;
    private const uint FSCONFIG_SET_STRING = 1;
    private const uint FSCONFIG_CMD_CREATE = 6;
    private const nint MOVE_MOUNT_F_EMPTY_PATH = 4;
    private const nint AT_FDCWD = -100;
    private const nuint MS_REC = 0x4000;
    private const nuint MS_SLAVE = 0x80000;
    private const int MNT_DETACH = 2;
    private const int UMOUNT_NOFOLLOW = 8;
    private const int CLONE_FS = 0x200;
    private const int CLONE_NEWNS = 0x20000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e);

    private static nint syscall(nint number, nint a, nint b, nint c) => syscall(number, a, b, c, 0, 0);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);
}

/// <summary>MOUNT_ATTR_* of fsmount(2).</summary>
[Flags]
public enum MountAttributes
{
    None = 0,
    ReadOnly = 1,
    NoSuid = 2,
    NoDev = 4,
    NoExec = 8,
}

/// <summary>MS_* of mount(2).</summary>
[Flags]
public enum MountFlags
{
    None = 0,
    ReadOnly = 1,
    NoSuid = 2,
    NoDev = 4,
    NoExec = 8,
    Bind = 0x1000,
}
