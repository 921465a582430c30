using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>A file mapped shared: what is written here is there for the next process that maps the file, however this one ends.</summary>
public sealed unsafe partial class SharedMapping : IDisposable
{
    private readonly FileDescriptor _file;
    private byte* _address;

    /// <summary>Maps the whole of <paramref name="file"/>, which it owns from now on, and whose pages come as they are touched.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public SharedMapping(FileDescriptor file, long length)
    {
        _file = file;
        Length = length;
        void* address = mmap(null, (nuint)length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file.Number, 0);
        if (address == (void*)-1)
            throw LinuxException.Last("mmap(state file)");
        _address = (byte*)address;
    }

    public long Length { get; }

    public byte* Address => _address;

    /// <summary>
    /// Makes sure that the pages of a range exist, so that a later touch can neither fault inside read(2) nor raise SIGBUS
    /// where the file system is full.
    /// </summary>
    /// <returns>0, or the positive error number: ENOSPC.</returns>
    public int Reserve(long offset, long length)
    {
        int error;
        do
            error = posix_fallocate(_file, offset, length);
        while (error == Errno.EINTR);
        if (error == 0)
            _ = madvise(_address + (offset & ~4095L), (nuint)(length + (offset & 4095L)), MADV_POPULATE_WRITE);
        return error;
    }

    /// <summary>The size of the file behind <paramref name="file"/>.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static long SizeOf(FileDescriptor file)
    {
        long size = lseek(file, 0, SEEK_END);
        return size >= 0 ? size : throw LinuxException.Last("lseek(SEEK_END)");
    }

    /// <summary>Sets the size; new bytes read as zero and take no memory until they are written.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void Resize(FileDescriptor file, long length)
    {
        if (ftruncate(file, length) != 0)
            throw LinuxException.Last("ftruncate(state file)");
    }

    /// <summary>A file without a name, gone with its last descriptor.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static FileDescriptor CreateAnonymousFile(string name)
    {
        int number = memfd_create(name, MFD_CLOEXEC);
        return number >= 0 ? new(number) : throw LinuxException.Last("memfd_create");
    }

    public void Dispose()
    {
        if (_address != null)
            _ = munmap(_address, (nuint)Length);
        _address = null;
        _file.Dispose();
    }

    private const int PROT_READ = 1;
    private const int PROT_WRITE = 2;
    private const int MAP_SHARED = 1;
    private const int MAP_NORESERVE = 0x4000;
    private const int MADV_POPULATE_WRITE = 23; // Linux 5.14; before it the pages come one fault at a time
    private const int SEEK_END = 2;
    private const uint MFD_CLOEXEC = 1;

    [LibraryImport("libc", SetLastError = true)]
    private static partial void* mmap(void* address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(void* address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int madvise(void* address, nuint length, int advice);

    [LibraryImport("libc")]
    private static partial int posix_fallocate(FileDescriptor fd, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(FileDescriptor fd, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(FileDescriptor fd, long length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);
}
