namespace Sluice.Relay.Fuse;

/// <summary>enum fuse_opcode.</summary>
internal enum Opcode : uint
{
    Lookup = 1,
    Forget = 2,
    Getattr = 3,
    Setattr = 4,
    Readlink = 5,
    Symlink = 6,
    Mknod = 8,
    Mkdir = 9,
    Unlink = 10,
    Rmdir = 11,
    Rename = 12,
    Link = 13,
    Open = 14,
    Read = 15,
    Write = 16,
    Statfs = 17,
    Release = 18,
    Fsync = 20,
    Setxattr = 21,
    Getxattr = 22,
    Listxattr = 23,
    Removexattr = 24,
    Flush = 25,
    Init = 26,
    Opendir = 27,
    Readdir = 28,
    Releasedir = 29,
    Fsyncdir = 30,
    Getlk = 31,
    Setlk = 32,
    Setlkw = 33,
    Access = 34,
    Create = 35,
    Interrupt = 36,
    Bmap = 37,
    Destroy = 38,
    Ioctl = 39,
    Poll = 40,
    NotifyReply = 41,
    BatchForget = 42,
    Fallocate = 43,
    Readdirplus = 44,
    Rename2 = 45,
    Lseek = 46,
    CopyFileRange = 47,
    Setupmapping = 48,
    Removemapping = 49,
    Syncfs = 50,
    Tmpfile = 51,
    Statx = 52,
    CopyFileRange64 = 53,
}

/// <summary>What follows the header of a successful reply.</summary>
internal enum ReplyBody : byte
{
    /// <summary>Nothing: 16 bytes.</summary>
    None,
    Entry,
    /// <summary>An entry and an open file: CREATE, TMPFILE.</summary>
    EntryOpen,
    Attr,
    Open,
    /// <summary>Bytes, at most as many as the request has room for.</summary>
    Data,
    /// <summary>A link's target: 1 to 4,095 bytes.</summary>
    Target,
    /// <summary>fuse_write_out, 8 bytes.</summary>
    Written,
    /// <summary>fuse_statfs_out, 80 bytes.</summary>
    Statfs,
    /// <summary>Bytes up to the size asked for, or fuse_getxattr_out (8 bytes) where the size is 0.</summary>
    Xattr,
    /// <summary>fuse_lk_out, 24 bytes.</summary>
    Lock,
    /// <summary>8 bytes: BMAP, POLL, LSEEK, COPY_FILE_RANGE_64.</summary>
    Eight,
    /// <summary>fuse_ioctl_out (16 bytes) and data.</summary>
    Ioctl,
    Dirents,
    DirentsPlus,
}

/// <summary>When a client died between a request and its reply, what makes a second attempt safe.</summary>
internal enum AfterCrash : byte
{
    /// <summary>Ask again: reads, and writes at an absolute offset.</summary>
    Repeat,
    /// <summary>A change of names: looked at, then repeated or taken as done (<see cref="Recovery.Settlement"/>).</summary>
    Settle,
    /// <summary>Nobody can tell whether it was done: EIO.</summary>
    Fail,
    /// <summary>The old client's own: it needs no answer from the new one.</summary>
    Local,
}

/// <summary>What the relay must know of one opcode.</summary>
/// <param name="MinBody">Bytes that follow the header at least.</param>
/// <param name="Reply">The shape of a successful reply.</param>
/// <param name="AfterCrash">How it is completed after a crash.</param>
/// <param name="Fh">Offset in the body of a handle, or -1.</param>
/// <param name="Mutates">Its reply is kept until the kernel has it: done twice, it could undo what came after it.</param>
internal readonly record struct OpcodeInfo(short MinBody, ReplyBody Reply, AfterCrash AfterCrash = AfterCrash.Repeat, sbyte Fh = -1, bool Mutates = false)
{
    public bool Known => MinBody >= 0;
}

/// <summary>
/// Every opcode that the kernel can send to a client that was offered <see cref="InitFlags.Forwarded"/>, but for STATX: it
/// gets ENOSYS, after which the kernel uses GETATTR (no client of Debian 12 knows it; times of birth are lost).
/// </summary>
internal static class Opcodes
{
    private const int Count = 64;
    private static readonly OpcodeInfo[] Table = Build();

    public static OpcodeInfo Of(Opcode opcode) => (uint)opcode < Count ? Table[(int)opcode] : new OpcodeInfo(-1, ReplyBody.None);

    private static OpcodeInfo[] Build()
    {
        var table = new OpcodeInfo[Count];
        Array.Fill(table, new OpcodeInfo(-1, ReplyBody.None));
        void Add(Opcode opcode, OpcodeInfo info) => table[(int)opcode] = info;

        Add(Opcode.Lookup, new(2, ReplyBody.Entry));
        Add(Opcode.Getattr, new(16, ReplyBody.Attr));
        Add(Opcode.Setattr, new(88, ReplyBody.Attr, Mutates: true));
        Add(Opcode.Readlink, new(0, ReplyBody.Target));
        Add(Opcode.Symlink, new(4, ReplyBody.Entry, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Mknod, new(18, ReplyBody.Entry, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Mkdir, new(10, ReplyBody.Entry, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Unlink, new(2, ReplyBody.None, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Rmdir, new(2, ReplyBody.None, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Rename, new(12, ReplyBody.None, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Rename2, new(20, ReplyBody.None, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Link, new(10, ReplyBody.Entry, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Open, new(8, ReplyBody.Open, Mutates: true));
        Add(Opcode.Opendir, new(8, ReplyBody.Open, Mutates: true));
        Add(Opcode.Create, new(18, ReplyBody.EntryOpen, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Tmpfile, new(18, ReplyBody.EntryOpen, Mutates: true));
        Add(Opcode.Read, new(40, ReplyBody.Data, Fh: 0));
        Add(Opcode.Write, new(40, ReplyBody.Written, Fh: 0, Mutates: true));
        Add(Opcode.Statfs, new(0, ReplyBody.Statfs));
        Add(Opcode.Release, new(24, ReplyBody.None, AfterCrash.Local, Fh: 0, Mutates: true));
        Add(Opcode.Releasedir, new(24, ReplyBody.None, AfterCrash.Local, Fh: 0, Mutates: true));
        Add(Opcode.Fsync, new(16, ReplyBody.None, Fh: 0, Mutates: true));
        Add(Opcode.Fsyncdir, new(16, ReplyBody.None, Fh: 0));
        Add(Opcode.Flush, new(24, ReplyBody.None, Fh: 0, Mutates: true));
        Add(Opcode.Setxattr, new(10, ReplyBody.None, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Removexattr, new(2, ReplyBody.None, AfterCrash.Settle, Mutates: true));
        Add(Opcode.Getxattr, new(10, ReplyBody.Xattr));
        Add(Opcode.Listxattr, new(8, ReplyBody.Xattr));
        Add(Opcode.Readdir, new(40, ReplyBody.Dirents, Fh: 0));
        Add(Opcode.Readdirplus, new(40, ReplyBody.DirentsPlus, Fh: 0));
        Add(Opcode.Getlk, new(48, ReplyBody.Lock, Fh: 0));
        Add(Opcode.Setlk, new(48, ReplyBody.None, Fh: 0, Mutates: true));
        Add(Opcode.Setlkw, new(48, ReplyBody.None, Fh: 0, Mutates: true));
        Add(Opcode.Access, new(8, ReplyBody.None));
        Add(Opcode.Bmap, new(16, ReplyBody.Eight));
        Add(Opcode.Ioctl, new(32, ReplyBody.Ioctl, AfterCrash.Fail, Fh: 0, Mutates: true));
        Add(Opcode.Poll, new(24, ReplyBody.Eight, Fh: 0));
        Add(Opcode.Fallocate, new(32, ReplyBody.None, Fh: 0, Mutates: true));
        Add(Opcode.Lseek, new(24, ReplyBody.Eight, Fh: 0));
        Add(Opcode.CopyFileRange, new(56, ReplyBody.Written, Fh: 0, Mutates: true));
        Add(Opcode.CopyFileRange64, new(56, ReplyBody.Eight, Fh: 0, Mutates: true));
        Add(Opcode.Syncfs, new(8, ReplyBody.None));
        return table;
    }
}
