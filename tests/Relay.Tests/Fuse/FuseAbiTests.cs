using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Tests.Fuse;

/// <summary>Sizes and offsets as include/uapi/linux/fuse.h has them, and those of the state file: another layout is another format version.</summary>
public sealed unsafe class FuseAbiTests
{
    [Fact]
    public void Requests_begin_with_fuse_in_header()
    {
        Assert.Equal((40, 40), (sizeof(InHeader), InHeader.Size));
        InHeader h;
        Assert.Equal([0, 4, 8, 16, 24, 28, 32, 36, 38], Offsets(&h, &h.Len, &h.Opcode, &h.Unique, &h.NodeId, &h.Uid, &h.Gid, &h.Pid, &h.TotalExtLen, &h.Padding));
    }

    [Fact]
    public void Replies_begin_with_fuse_out_header()
    {
        Assert.Equal((16, 16), (sizeof(OutHeader), OutHeader.Size));
        OutHeader h;
        Assert.Equal([0, 4, 8], Offsets(&h, &h.Len, &h.Error, &h.Unique));
    }

    [Fact]
    public void Attributes_are_fuse_attr()
    {
        Assert.Equal((88, 88), (sizeof(Attr), Attr.Size));
        Attr a;
        Assert.Equal([0, 8, 16, 24, 32, 40], Offsets(&a, &a.Ino, &a.FileSize, &a.Blocks, &a.Atime, &a.Mtime, &a.Ctime));
        Assert.Equal([48, 52, 56, 60, 64, 68, 72, 76, 80, 84], Offsets(&a, &a.AtimeNsec, &a.MtimeNsec, &a.CtimeNsec, &a.Mode, &a.Nlink, &a.Uid, &a.Gid, &a.Rdev, &a.Blksize, &a.Flags));
    }

    [Fact]
    public void Replies_about_nodes_are_fuse_entry_out_attr_out_and_open_out()
    {
        Assert.Equal((128, 128), (sizeof(EntryOut), EntryOut.Size));
        EntryOut e;
        Assert.Equal([0, 8, 16, 24, 32, 36, 40], Offsets(&e, &e.NodeId, &e.Generation, &e.EntryValid, &e.AttrValid, &e.EntryValidNsec, &e.AttrValidNsec, &e.Attr));
        Assert.Equal((104, 104), (sizeof(AttrOut), AttrOut.Size));
        AttrOut a;
        Assert.Equal([0, 8, 12, 16], Offsets(&a, &a.AttrValid, &a.AttrValidNsec, &a.Dummy, &a.Attr));
        Assert.Equal((16, 16), (sizeof(OpenOut), OpenOut.Size));
        OpenOut o;
        Assert.Equal([0, 8, 12], Offsets(&o, &o.Fh, &o.OpenFlags, &o.BackingId));
    }

    [Fact]
    public void The_introduction_is_fuse_init_in_and_init_out()
    {
        Assert.Equal((64, 64), (sizeof(InitIn), InitIn.Size));
        InitIn i;
        Assert.Equal([0, 4, 8, 12, 16, 20], Offsets(&i, &i.Major, &i.Minor, &i.MaxReadahead, &i.Flags, &i.Flags2, &i.Unused));
        Assert.Equal((64, 64, 24), (sizeof(InitOut), InitOut.Size, InitOut.CompatSize));
        InitOut o;
        Assert.Equal([0, 4, 8, 12, 16, 18, 20, 24, 28, 30, 32, 36, 40, 42], Offsets(&o, &o.Major, &o.Minor, &o.MaxReadahead, &o.Flags, &o.MaxBackground,
            &o.CongestionThreshold, &o.MaxWrite, &o.TimeGran, &o.MaxPages, &o.MapAlignment, &o.Flags2, &o.MaxStackDepth, &o.RequestTimeout, &o.Unused));
    }

    [Fact]
    public void Directory_entries_are_fuse_dirent()
    {
        Assert.Equal((24, 24), (sizeof(Dirent), Dirent.Size));
        Dirent d;
        Assert.Equal([0, 8, 16, 20], Offsets(&d, &d.Ino, &d.Off, &d.Namelen, &d.Type));
        Assert.Equal([32, 32, 40, 280], new[] { Dirent.Padded(1), Dirent.Padded(8), Dirent.Padded(9), Dirent.Padded(255) });
    }

    /// <summary>A feature on the list by mistake lets ids or data past the relay.</summary>
    [Fact]
    public void Only_known_features_are_forwarded()
    {
        const InitFlags Never = InitFlags.PosixLocks | InitFlags.FlockLocks | InitFlags.WritebackCache | InitFlags.MapAlignment | InitFlags.Submounts | InitFlags.HasIoctlDir;
        Assert.Equal(InitFlags.None, InitFlags.Forwarded & Never);
        // No bit above 30: SECURITY_CTX, PASSTHROUGH, OVER_IO_URING, REQUEST_TIMEOUT and all that is newer.
        Assert.Equal(0x73fef3fdUL, (ulong)InitFlags.Forwarded);
    }

    [Fact]
    public void Opcodes_have_the_kernels_numbers()
    {
        (Opcode, uint)[] numbers =
        [
            (Opcode.Lookup, 1), (Opcode.Forget, 2), (Opcode.Getattr, 3), (Opcode.Setattr, 4), (Opcode.Readlink, 5), (Opcode.Symlink, 6), (Opcode.Mknod, 8), (Opcode.Mkdir, 9),
            (Opcode.Unlink, 10), (Opcode.Rmdir, 11), (Opcode.Rename, 12), (Opcode.Link, 13), (Opcode.Open, 14), (Opcode.Read, 15), (Opcode.Write, 16), (Opcode.Statfs, 17),
            (Opcode.Release, 18), (Opcode.Fsync, 20), (Opcode.Setxattr, 21), (Opcode.Getxattr, 22), (Opcode.Listxattr, 23), (Opcode.Removexattr, 24), (Opcode.Flush, 25),
            (Opcode.Init, 26), (Opcode.Opendir, 27), (Opcode.Readdir, 28), (Opcode.Releasedir, 29), (Opcode.Fsyncdir, 30), (Opcode.Getlk, 31), (Opcode.Setlk, 32), (Opcode.Setlkw, 33),
            (Opcode.Access, 34), (Opcode.Create, 35), (Opcode.Interrupt, 36), (Opcode.Bmap, 37), (Opcode.Destroy, 38), (Opcode.Ioctl, 39), (Opcode.Poll, 40), (Opcode.NotifyReply, 41),
            (Opcode.BatchForget, 42), (Opcode.Fallocate, 43), (Opcode.Readdirplus, 44), (Opcode.Rename2, 45), (Opcode.Lseek, 46), (Opcode.CopyFileRange, 47), (Opcode.Setupmapping, 48),
            (Opcode.Removemapping, 49), (Opcode.Syncfs, 50), (Opcode.Tmpfile, 51), (Opcode.Statx, 52), (Opcode.CopyFileRange64, 53),
        ];
        Assert.All(numbers, pair => Assert.Equal(pair.Item2, (uint)pair.Item1));
        Assert.Equal(numbers.Length, Enum.GetValues<Opcode>().Length);
    }

    [Fact]
    public void Records_of_the_state_file_keep_their_places()
    {
        Assert.Equal((256, 128, 64, 64, 64, 4096), (sizeof(Slot), sizeof(NodeRecord), sizeof(NameRecord), sizeof(HandleRecord), sizeof(Landing), sizeof(DirectoryBlock)));
        NodeRecord node;
        Assert.Equal([0, 1, 2, 3, 4, 8, 16, 24], Offsets(&node, &node.Used, &node.AttrKnown, &node.Lost, &node.Dirty, &node.FirstName, &node.Lookups, &node.Generation, &node.Attr));
        NameRecord name;
        Assert.Equal([0, 1, 4, 8, 12, 16], Offsets(&name, &name.Used, &name.Length, &name.Node, &name.Parent, &name.Next, &name.Inline));
        Assert.True(sizeof(StateHeader) <= 4096);
    }

    private static int[] Offsets(void* start, params void*[] fields)
    {
        var offsets = new int[fields.Length];
        for (int i = 0; i < fields.Length; i++)
            offsets[i] = (int)((byte*)fields[i] - (byte*)start);
        return offsets;
    }
}
