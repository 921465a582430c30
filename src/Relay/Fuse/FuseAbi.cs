using System.Runtime.CompilerServices;

namespace Sluice.Relay.Fuse;

// include/uapi/linux/fuse.h, protocol 7.45 (Linux 6.18). Names are the kernel's without "fuse_"; tests assert sizes and offsets.

/// <summary>struct fuse_in_header, 40 bytes: begins every request.</summary>
internal struct InHeader
{
    public const int Size = 40;

    public uint Len;
    public Opcode Opcode;
    public ulong Unique;
    public ulong NodeId;
    public uint Uid;
    public uint Gid;
    /// <summary>The task's id in the PID namespace of the process that mounted; 0 for tasks outside it (kernel: pid_nr_ns).</summary>
    public uint Pid;
    /// <summary>Length of the extensions after the body, in 8 bytes (7.38).</summary>
    public ushort TotalExtLen;
    public ushort Padding;
}

/// <summary>struct fuse_out_header, 16 bytes: begins every reply, and every notification with a zero unique and its code as error.</summary>
internal struct OutHeader
{
    public const int Size = 16;

    public uint Len;
    /// <summary>0 or a negative error number, not below -511.</summary>
    public int Error;
    public ulong Unique;
}

/// <summary>struct fuse_attr, 88 bytes since 7.9.</summary>
internal struct Attr
{
    public const int Size = 88;

    public ulong Ino;
    public ulong FileSize;
    public ulong Blocks;
    public ulong Atime;
    public ulong Mtime;
    public ulong Ctime;
    public uint AtimeNsec;
    public uint MtimeNsec;
    public uint CtimeNsec;
    public uint Mode;
    public uint Nlink;
    public uint Uid;
    public uint Gid;
    public uint Rdev;
    public uint Blksize;
    public uint Flags;
}

/// <summary>struct fuse_entry_out, 128 bytes: the reply to LOOKUP, MKNOD, MKDIR, SYMLINK, LINK. A zero node id is a cacheable "no such file".</summary>
internal struct EntryOut
{
    public const int Size = 128;

    public ulong NodeId;
    public ulong Generation;
    public ulong EntryValid;
    public ulong AttrValid;
    public uint EntryValidNsec;
    public uint AttrValidNsec;
    public Attr Attr;
}

/// <summary>struct fuse_attr_out, 104 bytes: the reply to GETATTR and SETATTR.</summary>
internal struct AttrOut
{
    public const int Size = 104;

    public ulong AttrValid;
    public uint AttrValidNsec;
    public uint Dummy;
    public Attr Attr;
}

/// <summary>struct fuse_open_out, 16 bytes: the reply to OPEN and OPENDIR; after the entry in that to CREATE and TMPFILE.</summary>
internal struct OpenOut
{
    public const int Size = 16;
    /// <summary>FOPEN_PASSTHROUGH: never to the kernel, it would read from a descriptor that no relay sees.</summary>
    public const uint Passthrough = 1 << 7;

    public ulong Fh;
    public uint OpenFlags;
    public int BackingId;
}

/// <summary>struct fuse_init_in, 64 bytes since 7.36, 16 before.</summary>
internal struct InitIn
{
    public const int Size = 64;

    public uint Major;
    public uint Minor;
    public uint MaxReadahead;
    public uint Flags;
    public uint Flags2;
    public InitUnused Unused;

    [InlineArray(11)]
    internal struct InitUnused
    {
        private uint _first;
    }
}

/// <summary>struct fuse_init_out, 64 bytes since 7.23, 24 before.</summary>
internal struct InitOut
{
    public const int Size = 64;
    public const int CompatSize = 24; // FUSE_COMPAT_22_INIT_OUT_SIZE

    public uint Major;
    public uint Minor;
    public uint MaxReadahead;
    public uint Flags;
    public ushort MaxBackground;
    public ushort CongestionThreshold;
    public uint MaxWrite;
    public uint TimeGran;
    public ushort MaxPages;
    public ushort MapAlignment;
    public uint Flags2;
    public uint MaxStackDepth;
    public ushort RequestTimeout;
    public InitUnused Unused;

    [InlineArray(11)]
    internal struct InitUnused
    {
        private ushort _first;
    }
}

/// <summary>struct fuse_dirent, 24 bytes and the name, padded to 8.</summary>
internal struct Dirent
{
    public const int Size = 24;

    public ulong Ino;
    /// <summary>Where the next READDIR goes on; opaque to the kernel.</summary>
    public ulong Off;
    public uint Namelen;
    public uint Type;

    public static int Padded(int nameLength) => (Size + nameLength + 7) & ~7;
}

/// <summary>Notification codes (enum fuse_notify_code): the error field of a reply with a zero unique.</summary>
internal enum NotifyCode
{
    Poll = 1,
    InvalInode = 2,
    InvalEntry = 3,
    Store = 4,
    Retrieve = 5,
    Delete = 6,
    Resend = 7,
    IncEpoch = 8,
    Prune = 9,
}

/// <summary>Limits and flags of the protocol.</summary>
internal static class FuseAbi
{
    public const uint Major = 7;
    public const ulong RootId = 1;
    /// <summary>FUSE_NAME_MAX: 1,024 in the ABI, but no kernel asks for a longer name than NAME_MAX unless the server does.</summary>
    public const int NameMax = 255;
    public const int MaxErrno = 511;
    /// <summary>FUSE_UNIQUE_RESEND (7.40): set in the unique of a request that the kernel sends again, and wanted in its reply.</summary>
    public const ulong ResentUnique = 1UL << 63;
    /// <summary>FUSE_INT_REQ_BIT: an INTERRUPT has the unique of what it interrupts with this bit; a request's own is even.</summary>
    public const ulong InterruptUnique = 1;

    public const uint GetattrFh = 1;
    public const uint SetattrFh = 1 << 6; // FATTR_FH
    public const uint SetattrSize = 1 << 3; // FATTR_SIZE

    public const uint S_IFMT = 0xf000;
    public const uint S_IFDIR = 0x4000;
    public const uint S_IFREG = 0x8000;
}

/// <summary>FUSE_INIT flags: flags in the low half, flags2 in the high one.</summary>
[Flags]
internal enum InitFlags : ulong
{
    None = 0,
    AsyncRead = 1UL << 0,
    PosixLocks = 1UL << 1,
    FileOps = 1UL << 2,
    AtomicOpenTrunc = 1UL << 3,
    ExportSupport = 1UL << 4,
    BigWrites = 1UL << 5,
    DontMask = 1UL << 6,
    SpliceWrite = 1UL << 7,
    SpliceMove = 1UL << 8,
    SpliceRead = 1UL << 9,
    FlockLocks = 1UL << 10,
    HasIoctlDir = 1UL << 11,
    AutoInvalData = 1UL << 12,
    DoReaddirplus = 1UL << 13,
    ReaddirplusAuto = 1UL << 14,
    AsyncDio = 1UL << 15,
    WritebackCache = 1UL << 16,
    NoOpenSupport = 1UL << 17,
    ParallelDirops = 1UL << 18,
    HandleKillpriv = 1UL << 19,
    PosixAcl = 1UL << 20,
    AbortError = 1UL << 21,
    MaxPages = 1UL << 22,
    CacheSymlinks = 1UL << 23,
    NoOpendirSupport = 1UL << 24,
    ExplicitInvalData = 1UL << 25,
    MapAlignment = 1UL << 26,
    Submounts = 1UL << 27,
    HandleKillprivV2 = 1UL << 28,
    SetxattrExt = 1UL << 29,
    InitExt = 1UL << 30,
    HasResend = 1UL << 39,

    /// <summary>
    /// What passes between kernel and client. Not on the list, because ids or data would bypass the relay: PASSTHROUGH (37),
    /// OVER_IO_URING (41), MAP_ALIGNMENT, HAS_INODE_DAX (33), SUBMOUNTS, REQUEST_TIMEOUT (42), SECURITY_CTX and
    /// CREATE_SUPP_GROUP (their extensions are not kept), and whatever is newer. Locks and WRITEBACK_CACHE only where the profile asks.
    /// </summary>
    Forwarded = AsyncRead | FileOps | AtomicOpenTrunc | ExportSupport | BigWrites | DontMask | SpliceWrite | SpliceMove | SpliceRead
        | AutoInvalData | DoReaddirplus | ReaddirplusAuto | AsyncDio | NoOpenSupport | ParallelDirops | HandleKillpriv | PosixAcl
        | AbortError | MaxPages | CacheSymlinks | NoOpendirSupport | ExplicitInvalData | HandleKillprivV2 | SetxattrExt | InitExt,
}
