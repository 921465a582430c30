using System.Runtime.InteropServices;
using Sluice.Linux;

namespace Sluice.Recovery.Tests.Applications;

/// <summary>
/// The calls of an application, each once and as the kernel answers it. What .NET offers repeats some, looks at a file before
/// it acts and hides what close(2) says.
/// </summary>
internal static unsafe partial class Posix
{
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int Truncating = 0x200;
    public const int Appending = 0x400;
    public static readonly int Direct = Arm ? 0x10000 : 0x4000;
    public static readonly int NoFollow = Arm ? 0x8000 : 0x20000;

    private static bool Arm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Runs a call and gives its error number, 0 for none.</summary>
    public static int ErrorOf(Action call)
    {
        try
        {
            call();
            return 0;
        }
        catch (LinuxException e)
        {
            return e.Errno;
        }
    }

    public static int Open(string path, int flags, int mode = 0x1a4) => Checked(open(path, flags | CloseOnExec, mode), $"open({path}, 0x{flags:x})");

    public static void Close(int file) => _ = Checked(close(file), "close");

    public static int ReadAt(int file, Span<byte> buffer, long offset)
    {
        fixed (byte* bytes = buffer)
            return Checked(pread(file, bytes, (nuint)buffer.Length, offset), "pread");
    }

    public static int ReadAt(int file, byte* buffer, int length, long offset) => Checked(pread(file, buffer, (nuint)length, offset), "pread");

    /// <summary>pwrite(2) until everything is written.</summary>
    public static void WriteAt(int file, ReadOnlySpan<byte> data, long offset)
    {
        fixed (byte* bytes = data)
        {
            for (int done = 0; done < data.Length;)
                done += Checked(pwrite(file, bytes + done, (nuint)(data.Length - done), offset + done), "pwrite");
        }
    }

    /// <summary>write(2), which must write everything.</summary>
    public static void Write(int file, ReadOnlySpan<byte> data)
    {
        fixed (byte* bytes = data)
        {
            int written = Checked(write(file, bytes, (nuint)data.Length), "write");
            if (written != data.Length)
                throw new IOException($"write: {written} of {data.Length} bytes");
        }
    }

    public static void Sync(int file) => _ = Checked(fsync(file), "fsync");

    public static void Truncate(int file, long length) => _ = Checked(ftruncate(file, length), "ftruncate");

    public static void MakeDirectory(string path) => _ = Checked(mkdir(path, 0x1ed), $"mkdir({path})");

    public static void RemoveDirectory(string path) => _ = Checked(rmdir(path), $"rmdir({path})");

    public static void Unlink(string path) => _ = Checked(unlink(path), $"unlink({path})");

    public static void Rename(string from, string to) => _ = Checked(rename(from, to), $"rename({from}, {to})");

    public static void Link(string from, string to) => _ = Checked(link(from, to), $"link({from}, {to})");

    public static void SymbolicLink(string target, string path) => _ = Checked(symlink(target, path), $"symlink({path})");

    public static string ReadLink(string path)
    {
        try
        {
            return Files.ReadLink(path);
        }
        catch (LinuxException e)
        {
            throw new LinuxException($"readlink({path})", e.Errno);
        }
    }

    /// <summary>lstat(2) as statx(2): type and permissions, and the size.</summary>
    public static (int Mode, long Size) Stat(string path)
    {
        byte* status = stackalloc byte[256];
        _ = Checked(statx(AtCurrentDirectory, path, SymbolicLinkNoFollow, 0x7ff, status), $"statx({path})");
        return (*(ushort*)(status + 28), *(long*)(status + 40));
    }

    /// <summary>Appends the names that one getdents64(2) gives, "." and ".." left out. Returns false at the end.</summary>
    public static bool ReadNames(int directory, int room, List<string> names)
    {
        byte* buffer = stackalloc byte[room];
        int length = Checked(getdents64(directory, buffer, (nuint)room), "getdents64");
        for (byte* entry = buffer; entry < buffer + length; entry += *(ushort*)(entry + 16))
        {
            string name = Marshal.PtrToStringUTF8((nint)(entry + 19))!;
            if (name is not ("." or ".."))
                names.Add(name);
        }
        return length > 0;
    }

    /// <summary>flock(2) with LOCK_NB.</summary>
    public static void Lock(int file, bool exclusive) => _ = Checked(flock(file, (exclusive ? 2 : 1) | 4), "flock");

    /// <summary>fcntl(2) F_OFD_SETLK: a write lock of a range that belongs to the open file.</summary>
    public static void LockRange(int file, long start, long length)
    {
        FileLock range = new() { Type = 1, Start = start, Length = length };
        _ = Checked(fcntl(file, 37, &range), "fcntl(F_OFD_SETLK)");
    }

    /// <summary>Memory that O_DIRECT accepts. It is never given back.</summary>
    public static byte* AlignedMemory(int length) => (byte*)NativeMemory.AlignedAlloc((nuint)length, 4096);

    /// <summary>A shared mapping of a whole file. It is never taken down.</summary>
    public static byte* Map(int file, long length)
    {
        nint address = mmap(0, (nuint)length, 1, 1, file, 0);
        return address != -1 ? (byte*)address : throw new LinuxException("mmap", Marshal.GetLastPInvokeError());
    }

    /// <summary>kill(2). Nothing happens when there is no such process.</summary>
    public static void Kill(int process, int signal) => _ = kill(process, signal);

    /// <summary>statfs(2): the file system's type number.</summary>
    public static long FileSystem(string path)
    {
        byte* status = stackalloc byte[256];
        _ = Checked(statfs(path, status), $"statfs({path})");
        return *(long*)status;
    }

    private static int Checked(nint result, string call) => result >= 0 ? (int)result : throw new LinuxException(call, Marshal.GetLastPInvokeError());

    private const int CloseOnExec = 0x80000;
    private const int AtCurrentDirectory = -100;
    private const int SymbolicLinkNoFollow = 0x100;

    /// <summary>struct flock of a 64-bit kernel.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Pid;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int file, byte* buffer, nuint length, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(int file, byte* buffer, nuint length, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int file, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int file, long length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int symlink(string target, string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(int directory, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int file, int operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int file, int command, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statfs(string path, byte* status);
}
