using System.Runtime.InteropServices;

namespace Sluice.Linux;

/// <summary>
/// Rights that a thread gives up for itself and for the children that it starts. Nothing here can be taken back: the
/// thread that calls this starts the child and ends. posix_spawn(3) clones the calling thread, so that the child has the
/// thread's seccomp filter, bounding set and mount namespace (seen with bindfs, sshfs and rclone).
/// </summary>
public static unsafe partial class Confinement
{
    /// <summary>Programs with set-user-id bits and file capabilities give nothing from now on.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static void SetNoNewPrivileges()
    {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            throw LinuxException.Last("prctl(PR_SET_NO_NEW_PRIVS)");
    }

    /// <summary>Children of this thread never hold CAP_SYS_ADMIN, even as root: a FUSE client that could mount would do so by itself.</summary>
    /// <returns>False where the thread may not change its bounding set, which without CAP_SETPCAP has nothing to give anyway.</returns>
    public static bool TryDropSysAdmin() => prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0) == 0;

    /// <summary>Orphans among the descendants become children of this process instead of the container's first.</summary>
    public static void BecomeSubreaper() => _ = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

    /// <summary>
    /// Keeps the children from splicing into <paramref name="fd"/>: splice(2) from a pipe cuts a message into pieces of at
    /// most 16 pages on a socket. vmsplice answers ENOSYS, which makes libfuse write plainly; splice into that one
    /// descriptor answers EINVAL, after which go-fuse writes plainly. splice from it stays allowed: libfuse ends its
    /// session when that fails.
    /// </summary>
    /// <exception cref="LinuxException">The call failed; it needs <see cref="SetNoNewPrivileges"/> first.</exception>
    public static void ForbidSplicingInto(int fd)
    {
        var (architecture, splice, vmsplice) = RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? (AUDIT_ARCH_AARCH64, 76u, 75u)
            : (AUDIT_ARCH_X86_64, 275u, 278u);
        SockFilter[] program =
        [
            new(BPF_LD_W_ABS, 0, 0, SeccompArchitecture),
            new(BPF_JEQ_K, 1, 0, architecture),
            new(BPF_RET_K, 0, 0, SECCOMP_RET_ALLOW), // a 32-bit client: nothing to deny by number
            new(BPF_LD_W_ABS, 0, 0, SeccompNumber),
            new(BPF_JEQ_K, 4, 0, vmsplice),
            new(BPF_JEQ_K, 0, 2, splice),
            new(BPF_LD_W_ABS, 0, 0, SeccompThirdArgument),
            new(BPF_JEQ_K, 2, 0, (uint)fd),
            new(BPF_RET_K, 0, 0, SECCOMP_RET_ALLOW),
            new(BPF_RET_K, 0, 0, SECCOMP_RET_ERRNO | Errno.ENOSYS),
            new(BPF_RET_K, 0, 0, SECCOMP_RET_ERRNO | Errno.EINVAL),
        ];
        fixed (SockFilter* first = program)
        {
            var filter = new SockProgram { Length = (ushort)program.Length, Filter = first };
            if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (nint)(&filter), 0, 0) != 0)
                throw LinuxException.Last("prctl(PR_SET_SECCOMP)");
        }
    }

    private const int PR_SET_SECCOMP = 22;
    private const int PR_CAPBSET_DROP = 24;
    private const int PR_SET_CHILD_SUBREAPER = 36;
    private const int PR_SET_NO_NEW_PRIVS = 38;
    private const int CAP_SYS_ADMIN = 21;
    private const int SECCOMP_MODE_FILTER = 2;
    private const uint SECCOMP_RET_ALLOW = 0x7fff0000;
    private const uint SECCOMP_RET_ERRNO = 0x00050000;
    private const uint AUDIT_ARCH_X86_64 = 0xc000003e;
    private const uint AUDIT_ARCH_AARCH64 = 0xc00000b7;
    private const ushort BPF_LD_W_ABS = 0x20;
    private const ushort BPF_JEQ_K = 0x15;
    private const ushort BPF_RET_K = 0x06;
    private const uint SeccompNumber = 0; // offsets in struct seccomp_data
    private const uint SeccompArchitecture = 4;
    private const uint SeccompThirdArgument = 32; // the low half, on both little-endian architectures

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    /// <summary>struct sock_filter.</summary>
    private readonly struct SockFilter(ushort code, byte jumpTrue, byte jumpFalse, uint k)
    {
        public readonly ushort Code = code;
        public readonly byte JumpTrue = jumpTrue;
        public readonly byte JumpFalse = jumpFalse;
        public readonly uint K = k;
    }

    /// <summary>struct sock_fprog.</summary>
    private struct SockProgram
    {
        public ushort Length;
        public SockFilter* Filter;
    }
}
