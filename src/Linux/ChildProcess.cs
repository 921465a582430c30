using System.Runtime.InteropServices;
using System.Text;

namespace Sluice.Linux;

/// <summary>How a child ended: its exit status, or the signal that killed it.</summary>
/// <param name="Status">The exit status; for a signal 128 + its number, as a shell says it.</param>
/// <param name="Signal">The signal's number, or null.</param>
public readonly record struct ChildExit(int Status, int? Signal)
{
    public override string ToString() => Signal is { } signal ? $"killed by signal {signal}" : $"exit status {Status}";
}

/// <summary>
/// A child started with posix_spawn(3) on the calling thread, which gives it that thread's rights (<see cref="Confinement"/>),
/// only the descriptors that were named, and its own process group. It is known by its pidfd: a number that was given to
/// another process is never signalled.
/// </summary>
public sealed unsafe partial class ChildProcess : IDisposable
{
    private readonly FileDescriptor _pidfd;

    private ChildProcess(int pid, FileDescriptor pidfd)
    {
        Id = pid;
        _pidfd = pidfd;
    }

    public int Id { get; }

    /// <summary>Readable (poll) once the child has ended.</summary>
    public FileDescriptor Ended => _pidfd;

    /// <summary>Starts <paramref name="arguments"/>[0], looked up in the PATH of <paramref name="environment"/>'s process.</summary>
    /// <param name="arguments">The argument vector, program first.</param>
    /// <param name="environment">NAME=VALUE strings: all that the child gets.</param>
    /// <param name="descriptors">What the child has open beside /dev/null as its input: (ours, its number there).</param>
    /// <exception cref="LinuxException">The program could not be started: ENOENT, EACCES.</exception>
    public static ChildProcess Start(IReadOnlyList<string> arguments, IEnumerable<string> environment, params ReadOnlySpan<(int Ours, int Child)> descriptors)
    {
        byte* actions = stackalloc byte[FileActionsSize];
        byte* attributes = stackalloc byte[AttributesSize];
        _ = posix_spawn_file_actions_init(actions);
        _ = posix_spawnattr_init(attributes);
        byte** argv = Vector(arguments);
        byte** envp = Vector([.. environment]);
        try
        {
            _ = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 0, 0);
            foreach (var (ours, child) in descriptors)
                _ = posix_spawn_file_actions_adddup2(actions, ours, child);
            // .NET ignores SIGPIPE and blocks signals on some of its threads; a child starts with neither.
            ulong* none = stackalloc ulong[SignalSetWords];
            ulong* all = stackalloc ulong[SignalSetWords];
            new Span<ulong>(none, SignalSetWords).Clear();
            new Span<ulong>(all, SignalSetWords).Fill(ulong.MaxValue);
            _ = posix_spawnattr_setsigmask(attributes, none);
            _ = posix_spawnattr_setsigdefault(attributes, all);
            _ = posix_spawnattr_setpgroup(attributes, 0);
            _ = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
            int pid;
            int error = posix_spawnp(&pid, argv[0], actions, attributes, argv, envp);
            if (error != 0)
                throw new LinuxException($"posix_spawn({arguments[0]})", error);
            nint pidfd = syscall(SYS_pidfd_open, pid, 0, 0, 0);
            return pidfd >= 0 ? new(pid, new((int)pidfd)) : throw LinuxException.Last($"pidfd_open({pid})");
        }
        finally
        {
            FreeVector(argv);
            FreeVector(envp);
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>Sends a signal to the child; nothing happens when it has ended.</summary>
    public void Signal(int signal) => _ = syscall(SYS_pidfd_send_signal, _pidfd.Number, signal, 0, 0);

    /// <summary>Sends a signal to the child and to what it started in its process group (sshfs's ssh).</summary>
    public void SignalGroup(int signal) => SignalGroup(Id, signal);

    /// <summary>The same for a group that another process had started.</summary>
    public static void SignalGroup(int id, int signal) => _ = kill(-id, signal);

    /// <summary>How the child ended, once; null while it runs.</summary>
    public ChildExit? Reap()
    {
        int status;
        int pid;
        do
            pid = waitpid(Id, &status, WNOHANG);
        while (pid < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);
        if (pid != Id)
            return null;
        int signal = status & 0x7f;
        return signal == 0 ? new((status >> 8) & 0xff, null) : new(128 + signal, signal);
    }

    /// <summary>Collects the children that this process inherited and that have ended; <paramref name="known"/> is left to its owner.</summary>
    public static void ReapOrphans(int known)
    {
        byte* info = stackalloc byte[128]; // siginfo_t
        while (true)
        {
            new Span<byte>(info, 128).Clear();
            if (waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT) != 0)
                return;
            int pid = ((int*)info)[4]; // si_pid: behind signal, errno, code and their padding to 8 bytes
            if (pid == 0 || pid == known)
                return;
            _ = waitpid(pid, null, WNOHANG);
        }
    }

    public void Dispose() => _pidfd.Dispose();

    private static byte** Vector(IReadOnlyList<string> items)
    {
        byte** vector = (byte**)NativeMemory.AllocZeroed((nuint)(items.Count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < items.Count; i++)
        {
            int length = Encoding.UTF8.GetByteCount(items[i]);
            vector[i] = (byte*)NativeMemory.AllocZeroed((nuint)length + 1);
            Encoding.UTF8.GetBytes(items[i], new Span<byte>(vector[i], length));
        }
        return vector;
    }

    private static void FreeVector(byte** vector)
    {
        for (byte** item = vector; *item != null; item++)
            NativeMemory.Free(*item);
        NativeMemory.Free(vector);
    }

    public const int SIGINT = 2;
    public const int SIGKILL = 9;
    public const int SIGTERM = 15;

    private const int FileActionsSize = 256; // glibc: 80 bytes, musl: 80; posix_spawnattr_t 336 in both
    private const int AttributesSize = 512;
    private const int SignalSetWords = 16;
    private const short POSIX_SPAWN_SETPGROUP = 2;
    private const short POSIX_SPAWN_SETSIGDEF = 4;
    private const short POSIX_SPAWN_SETSIGMASK = 8;
    private const nint SYS_pidfd_send_signal = 424;
    private const nint SYS_pidfd_open = 434;
    private const int WNOHANG = 1;
    private const int WEXITED = 4;
    private const int WNOWAIT = 0x1000000;
    private const int P_ALL = 0;

    [LibraryImport("libc")]
    private static partial int posix_spawnp(int* pid, byte* file, void* actions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(void* actions, int fd, string path, int flags, int mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(void* actions, int fd, int newFd);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setpgroup(void* attributes, int group);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(void* attributes, ulong* set);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(void* attributes, ulong* set);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int type, int id, void* info, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d);
}
