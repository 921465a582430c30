using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Sluice.Bench.FileLoad;

/// <summary>
/// What applications do to a mount, one measure at a time: <c>bench-files MEASURE DIR</c> prints operations per second (or
/// MB/s) as one number. DIR holds <c>big</c> (a file of 256 MiB) and <c>many/f0…f19999</c>.
/// </summary>
internal static unsafe partial class Program
{
    private const int BigFile = 256 << 20;
    private const int O_RDWR = 2;
    private const int O_CREAT = 0x40;
    private const int O_TRUNC = 0x200;
    private const int POSIX_FADV_DONTNEED = 4;
    private static readonly int O_DIRECT = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x10000 : 0x4000;

    private static int Main(string[] arguments)
    {
        if (arguments is ["recovery", var file, var victim, var pidFile, var kills, var pause])
            return Recovery(file, pidFile, victim == "process" ? null : victim, int.Parse(kills, CultureInfo.InvariantCulture), int.Parse(pause, CultureInfo.InvariantCulture));
        if (arguments is not [var measure, var directory])
        {
            Console.Error.WriteLine("usage: bench-files sequential-128k|sequential-1m|random-4k|random-4k-8|stat|open|write DIR | recovery FILE process|CLIENT PIDFILE KILLS PAUSE");
            return 1;
        }
        double rate = measure switch
        {
            "sequential-128k" => Sequential(directory + "/big", 128 << 10, direct: false),
            "sequential-1m" => Sequential(directory + "/big", 1 << 20, direct: true),
            "random-4k" => Random(directory + "/big", threads: 1),
            "random-4k-8" => Random(directory + "/big", threads: 8),
            "stat" => EachOf(directory + "/many", path => access(path, 0)),
            "open" => EachOf(directory + "/many", path => Close(Open(path, 0))),
            "write" => Write(directory + "/written"),
            _ => throw new NotSupportedException($"no measure \"{measure}\""),
        };
        Console.WriteLine(rate.ToString("0.###", CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>MB/s of the whole file, nothing of it in this mount's page cache.</summary>
    private static double Sequential(string path, int size, bool direct)
    {
        int fd = Open(path, direct ? O_DIRECT : 0);
        _ = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        byte* buffer = (byte*)NativeMemory.AlignedAlloc((nuint)size, 4096);
        long total = 0;
        long began = Stopwatch.GetTimestamp();
        for (nint length; (length = Checked(read(fd, buffer, (nuint)size), path)) > 0;)
            total += length;
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        _ = close(fd);
        return total / seconds / 1e6;
    }

    /// <summary>Reads of 4 KiB at random places, past the page cache, for two seconds: per second.</summary>
    private static double Random(string path, int threads)
    {
        long operations = 0;
        long began = Stopwatch.GetTimestamp();
        var workers = Enumerable.Range(0, threads).Select(seed => new Thread(() =>
        {
            var random = new Random(seed);
            int fd = Open(path, O_DIRECT);
            byte* buffer = (byte*)NativeMemory.AlignedAlloc(4096, 4096);
            long done = 0;
            for (; Stopwatch.GetElapsedTime(began).TotalSeconds < 2; done++)
                _ = Checked(pread(fd, buffer, 4096, random.Next(BigFile / 4096) * 4096L), path);
            Interlocked.Add(ref operations, done);
        })).ToArray();
        foreach (var worker in workers)
            worker.Start();
        foreach (var worker in workers)
            worker.Join();
        return operations / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static double EachOf(string directory, Func<byte[], nint> operation)
    {
        var paths = Enumerable.Range(0, 20_000).Select(i => System.Text.Encoding.ASCII.GetBytes($"{directory}/f{i}\0")).ToArray();
        long began = Stopwatch.GetTimestamp();
        foreach (byte[] path in paths)
            _ = Checked(operation(path), directory);
        return paths.Length / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>MB/s of 256 MiB written in pieces of 128 KiB, with one fsync at the end.</summary>
    private static double Write(string path)
    {
        int fd = Open(path, O_RDWR | O_CREAT | O_TRUNC);
        byte* buffer = (byte*)NativeMemory.AllocZeroed(128 << 10);
        long began = Stopwatch.GetTimestamp();
        for (int written = 0; written < BigFile; written += 128 << 10)
            _ = Checked(write(fd, buffer, 128 << 10), path);
        _ = Checked(fsync(fd), path);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        _ = close(fd);
        return BigFile / seconds / 1e6;
    }

    /// <summary>
    /// Kills a process again and again, and measures from the kill to the end of a read that starts right after it. Prints
    /// median, 99th percentile and the longest, in milliseconds.
    /// </summary>
    /// <param name="path">A file on the mount.</param>
    /// <param name="pidFile">Holds the number of the process; whoever starts the next one writes it anew.</param>
    /// <param name="client">Its child of this name is meant; others may be what a client started. Null: itself.</param>
    /// <param name="kills">How often.</param>
    /// <param name="pause">Milliseconds between a read's end and the next kill, at least.</param>
    private static int Recovery(string path, string pidFile, string? client, int kills, int pause)
    {
        int fd = Open(path, O_DIRECT);
        byte* buffer = (byte*)NativeMemory.AlignedAlloc(4096, 4096);
        var times = new List<double>();
        for (int i = 0; i < kills; i++)
        {
            Thread.Sleep(pause + (i % 7));
            int victim = int.Parse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture);
            if (client is not null)
                victim = Directory.GetDirectories($"/proc/{victim}/task")
                    .SelectMany(task => File.ReadAllText(task + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(int.Parse)
                    .First(child => File.ReadAllText($"/proc/{child}/comm").Trim() == client);
            long began = Stopwatch.GetTimestamp();
            _ = kill(victim, 9);
            _ = Checked(pread(fd, buffer, 4096, i % 1000 * 4096L), path);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{times[times.Count / 2]:0.0} {times[times.Count * 99 / 100]:0.0} {times[^1]:0.0}"));
        return 0;
    }

    private static int Open(string path, int flags) => Open(System.Text.Encoding.UTF8.GetBytes(path + '\0'), flags);

    private static int Open(byte[] path, int flags)
    {
        fixed (byte* first = path)
            return (int)Checked(open(first, flags, 0x1a4), System.Text.Encoding.UTF8.GetString(path));
    }

    private static nint Close(int fd) => close(fd);

    private static nint access(byte[] path, int mode)
    {
        fixed (byte* first = path)
            return access(first, mode);
    }

    private static nint Checked(nint result, string path) =>
        result >= 0 ? result : throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte* path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int access(byte* path, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_fadvise(int fd, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int fd, byte* buffer, nuint length, long offset);
}
