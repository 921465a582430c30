using Sluice.Relay.Fuse;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;
using static Sluice.Relay.Tests.Scripted.Messages;

namespace Sluice.Relay.Tests.Forwarding;

/// <summary>
/// Every opcode on its way through: the client gets the kernel's request with its own ids, the kernel the client's reply with
/// the kernel's, and nothing else is touched.
/// </summary>
public sealed class OpcodesTests
{
    /// <summary>What one side calls the same things. New: what a reply hands out.</summary>
    internal sealed record Ids(ulong Dir, ulong File, ulong Other, ulong Fh, ulong DirFh, ulong OtherFh, ulong NewNode, ulong NewFh, ulong NewIno, ulong Generation);

    /// <summary>Records are taken in order, so that the kernel's ids are known: three nodes after the root, three handles.</summary>
    private static readonly Ids Kernel = new(2, 3, 4, 1, 2, 3, 5, 4, 0x1009, 1);
    private static readonly Ids Client = new(0x1001, 0x1002, 0x1003, 0x2001, 0x2002, 0x2003, 0x1009, 0x2009, 0x1009, 77);

    internal sealed record Case(Opcode Opcode, Func<Ids, ulong> Node, Func<Ids, byte[]> Request, Func<Ids, byte[]> Reply);

    private static readonly Dictionary<string, Case> All = new(StringComparer.Ordinal)
    {
        ["LOOKUP"] = new(Opcode.Lookup, i => i.Dir, _ => Of("new"), NewEntry),
        ["LOOKUP of what is not there"] = new(Opcode.Lookup, i => i.Dir, _ => Of("none"), _ => Entry(0, ino: 9)),
        ["LOOKUP in the root"] = new(Opcode.Lookup, _ => 1, _ => Of("file"), i => Entry(i.File, ino: Client.File, generation: i.Generation)),
        ["GETATTR"] = new(Opcode.Getattr, i => i.File, _ => Of(0u, 0u, 5UL), _ => AttrReply(Client.File, size: 99)),
        ["GETATTR of a handle"] = new(Opcode.Getattr, i => i.File, i => Of(1u, 0u, i.Fh), _ => AttrReply(Client.File, size: 99)),
        ["SETATTR"] = new(Opcode.Setattr, i => i.File, _ => Of(8u, 0u, 5UL, new byte[72]), _ => AttrReply(Client.File, size: 5)),
        ["SETATTR of a handle"] = new(Opcode.Setattr, i => i.File, i => Of(0x48u, 0u, i.Fh, new byte[72]), _ => AttrReply(Client.File, size: 5)),
        ["READLINK"] = new(Opcode.Readlink, i => i.File, _ => [], _ => Of("/target")[..7]),
        ["SYMLINK"] = new(Opcode.Symlink, i => i.Dir, _ => Of("new", "target"), i => NewEntry(i, 0xa000)),
        ["MKNOD"] = new(Opcode.Mknod, i => i.Dir, _ => Of(0x81a4u, 0u, 0x12u, 0u, "new"), NewEntry),
        ["MKDIR"] = new(Opcode.Mkdir, i => i.Dir, _ => Of(0x1edu, 0x12u, "new"), i => NewEntry(i, FuseAbi.S_IFDIR)),
        ["UNLINK"] = new(Opcode.Unlink, _ => 1, _ => Of("file"), _ => []),
        ["RMDIR"] = new(Opcode.Rmdir, _ => 1, _ => Of("dir"), _ => []),
        ["RENAME"] = new(Opcode.Rename, _ => 1, i => Of(i.Dir, "file", "moved"), _ => []),
        ["RENAME2"] = new(Opcode.Rename2, i => i.Dir, i => Of(1UL, 1u, 0u, "a", "b"), _ => []),
        ["LINK"] = new(Opcode.Link, i => i.Dir, i => Of(i.File, "link"), i => Entry(i.File, ino: Client.File, generation: i.Generation, nlink: 2)),
        ["OPEN"] = new(Opcode.Open, i => i.File, _ => Of(0x8002u, 0u), i => Open(i.NewFh)),
        ["OPEN with a backing file"] = new(Opcode.Open, i => i.File, _ => Of(0u, 0u), i => i == Client ? Of(i.NewFh, 0x83u, 5) : Of(i.NewFh, 3u, 0)),
        ["OPENDIR"] = new(Opcode.Opendir, i => i.Dir, _ => Of(0x10000u, 0u), i => Open(i.NewFh)),
        ["CREATE"] = new(Opcode.Create, i => i.Dir, _ => Of(0x8042u, 0x81a4u, 0x12u, 0u, "new"), i => [.. NewEntry(i), .. Open(i.NewFh)]),
        ["TMPFILE"] = new(Opcode.Tmpfile, i => i.Dir, _ => Of(0x8042u, 0x81a4u, 0x12u, 0u, "/"), i => [.. NewEntry(i), .. Open(i.NewFh)]),
        ["READ"] = new(Opcode.Read, i => i.File, i => ReadIn(i.Fh, 100, 4096), _ => new byte[1000]),
        ["READ of nothing"] = new(Opcode.Read, i => i.File, i => ReadIn(i.Fh, 100, 4096), _ => []),
        ["READ of all"] = new(Opcode.Read, i => i.File, i => ReadIn(i.Fh, 0, 131072), _ => Pattern(131072)),
        ["WRITE"] = new(Opcode.Write, i => i.File, i => WriteIn(i.Fh, 5, Pattern(100)), _ => Of(100u, 0u)),
        ["WRITE of much"] = new(Opcode.Write, i => i.File, i => WriteIn(i.Fh, 5, Pattern(131072)), _ => Of(131072u, 0u)),
        ["STATFS"] = new(Opcode.Statfs, i => i.Dir, _ => [], _ => Pattern(80)),
        ["RELEASE"] = new(Opcode.Release, i => i.File, i => Of(i.Fh, 0u, 0u, 7UL), _ => []),
        ["RELEASEDIR"] = new(Opcode.Releasedir, i => i.Dir, i => Of(i.DirFh, 0u, 0u, 7UL), _ => []),
        ["FSYNC"] = new(Opcode.Fsync, i => i.File, i => Of(i.Fh, 1u, 0u), _ => []),
        ["FSYNCDIR"] = new(Opcode.Fsyncdir, i => i.Dir, i => Of(i.DirFh, 1u, 0u), _ => []),
        ["FLUSH"] = new(Opcode.Flush, i => i.File, i => Of(i.Fh, 0u, 0u, 7UL), _ => []),
        ["SETXATTR"] = new(Opcode.Setxattr, i => i.File, _ => Of(5u, 0u, 0u, 0u, "user.x", Pattern(5)), _ => []),
        ["GETXATTR"] = new(Opcode.Getxattr, i => i.File, _ => Of(64u, 0u, "user.x"), _ => Pattern(5)),
        ["GETXATTR of a size"] = new(Opcode.Getxattr, i => i.File, _ => Of(0u, 0u, "user.x"), _ => Of(5u, 0u)),
        ["LISTXATTR"] = new(Opcode.Listxattr, i => i.File, _ => Of(64u, 0u), _ => Of("user.x")),
        ["REMOVEXATTR"] = new(Opcode.Removexattr, i => i.File, _ => Of("user.x"), _ => []),
        ["READDIR"] = new(Opcode.Readdir, i => i.Dir, i => ReadIn(i.DirFh, 0, 4096), _ => [.. Dirent(5, 1, "."), .. Dirent(9, 2, "a name"), .. Dirent(10, 3, "b")]),
        ["READDIR of a known name"] = new(Opcode.Readdir, _ => 1, i => ReadIn(i.OtherFh, 0, 4096), i => Dirent(i == Client ? 0xffffUL : Client.File, 1, "file")),
        ["READDIR of the end"] = new(Opcode.Readdir, i => i.Dir, i => ReadIn(i.DirFh, 0, 4096), _ => []),
        ["READDIRPLUS"] = new(Opcode.Readdirplus, i => i.Dir, i => ReadIn(i.DirFh, 0, 4096), i =>
        [
            .. i == Client ? Entry(Client.Dir) : Entry(0, ino: Client.Dir), .. Dirent(5, 1, "."),
            .. Entry(0, ino: 9), .. Dirent(9, 2, "without attributes"),
            .. NewEntry(i), .. Dirent(Client.NewIno, 3, "new"),
        ]),
        ["GETLK"] = new(Opcode.Getlk, i => i.File, i => Of(i.Fh, new byte[40]), _ => Pattern(24)),
        ["SETLK"] = new(Opcode.Setlk, i => i.File, i => Of(i.Fh, new byte[40]), _ => []),
        ["SETLKW"] = new(Opcode.Setlkw, i => i.File, i => Of(i.Fh, new byte[40]), _ => []),
        ["ACCESS"] = new(Opcode.Access, i => i.File, _ => Of(4u, 0u), _ => []),
        ["BMAP"] = new(Opcode.Bmap, i => i.File, _ => Of(5UL, 512u, 0u), _ => Of(7UL)),
        ["IOCTL"] = new(Opcode.Ioctl, i => i.File, i => Of(i.Fh, 0u, 5u, 6UL, 0u, 16u), _ => [.. Of(0u, 0u, 0u, 0u), .. Pattern(16)]),
        ["POLL"] = new(Opcode.Poll, i => i.File, i => Of(i.Fh, 12UL, 1u, 0u), _ => Of(1u, 0u)),
        ["FALLOCATE"] = new(Opcode.Fallocate, i => i.File, i => Of(i.Fh, 0UL, 100UL, 0u, 0u), _ => []),
        ["LSEEK"] = new(Opcode.Lseek, i => i.File, i => Of(i.Fh, 5UL, 3u, 0u), _ => Of(5UL)),
        ["COPY_FILE_RANGE"] = new(Opcode.CopyFileRange, i => i.File, i => Of(i.Fh, 0UL, i.Other, i.OtherFh, 5UL, 10UL, 0UL), _ => Of(10u, 0u)),
        ["COPY_FILE_RANGE_64"] = new(Opcode.CopyFileRange64, i => i.File, i => Of(i.Fh, 0UL, i.Other, i.OtherFh, 5UL, 10UL, 0UL), _ => Of(10UL)),
        ["SYNCFS"] = new(Opcode.Syncfs, _ => 1, _ => Of(0UL), _ => []),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_request_and_its_reply_change_their_ids_and_nothing_else(string name)
    {
        var (opcode, node, request, reply) = All[name];
        using var session = Prepared(out var client);
        ulong unique = session.Kernel.Send(opcode, node(Kernel), request(Kernel));
        var asked = client.Expect(opcode);
        Assert.Equal((node(Client), 1U, 2U, 1000U), (asked.NodeId, asked.Uid, asked.Gid, asked.Pid));
        Assert.Equal(request(Client), asked.Body);
        Assert.Equal(0UL, asked.Unique & 1); // odd ones are those of INTERRUPT
        client.Answer(asked, reply(Client));
        Assert.Equal(new Reply(0, reply(Kernel)), session.Kernel.Wait(unique), Same);
        Assert.Equal(0, session.Counters.Violations);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_error_of_the_client_is_the_kernels(string name)
    {
        var (opcode, node, request, _) = All[name];
        using var session = Prepared(out var client);
        foreach (int errno in new[] { 1, 38, 511 })
        {
            ulong unique = session.Kernel.Send(opcode, node(Kernel), request(Kernel));
            client.Fail(client.Expect(opcode), errno);
            Assert.Equal(new Reply(errno, []), session.Kernel.Wait(unique), Same);
        }
        Assert.Equal(0, session.Counters.Violations);
        Assert.Equal((4, 3), (session.Status.KnownFiles, session.Status.OpenFiles));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_reply_of_another_length_is_an_error_and_harms_nothing(string name)
    {
        var (opcode, node, request, reply) = All[name];
        byte[] whole = reply(Client);
        byte[][] wrong = [whole.Length == 0 ? new byte[1] : whole[..^1], [.. whole, 0], [.. whole, .. new byte[400]], new byte[150_000], Enumerable.Repeat((byte)0xff, whole.Length + 8).ToArray()];
        using var session = Prepared(out var client);
        foreach (byte[] body in wrong)
        {
            ulong unique = session.Kernel.Send(opcode, node(Kernel), request(Kernel));
            client.Answer(client.Expect(opcode), body);
            var answer = session.Kernel.Wait(unique);
            if (answer.Error == 0)
                Assert.True(opcode is Opcode.Read or Opcode.Readlink or Opcode.Getxattr or Opcode.Listxattr or Opcode.Ioctl, $"{opcode} took {body.Length} bytes");
            else
                Assert.Equal(5, answer.Error);
        }
        Assert.Equal((4, 3), (session.Status.KnownFiles, session.Status.OpenFiles));
    }

    [Fact]
    public void Every_opcode_is_in_the_table()
    {
        Opcode[] apart = [Opcode.Forget, Opcode.BatchForget, Opcode.Interrupt, Opcode.Init, Opcode.Destroy, Opcode.NotifyReply];
        Opcode[] refused = [Opcode.Setupmapping, Opcode.Removemapping, Opcode.Statx];
        Assert.Equal(Enum.GetValues<Opcode>().Except(apart).Except(refused).Order(), All.Values.Select(c => c.Opcode).Distinct().Order());
        using var session = Prepared(out _);
        foreach (var opcode in refused.Append((Opcode)63).Append((Opcode)4096))
            Assert.Equal(38, session.Kernel.Ask(opcode, 1, new byte[64]).Error); // ENOSYS
    }

    private static readonly IEqualityComparer<Reply> Same = EqualityComparer<Reply>.Create((a, b) => a!.Error == b!.Error && a.Body.AsSpan().SequenceEqual(b.Body), reply => reply.Error);

    private static byte[] NewEntry(Ids ids) => NewEntry(ids, FuseAbi.S_IFREG);

    private static byte[] NewEntry(Ids ids, uint type) => Entry(ids.NewNode, type, ids.NewIno, ids.Generation);

    private static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];

    private static ScriptedSession Prepared(out ScriptedClient client)
    {
        var session = new ScriptedSession();
        client = session.Serving();
        Assert.Equal(Kernel.Dir, session.Look(client, 1, "dir", Client.Dir, FuseAbi.S_IFDIR));
        Assert.Equal(Kernel.File, session.Look(client, 1, "file", Client.File));
        Assert.Equal(Kernel.Other, session.Look(client, Kernel.Dir, "other", Client.Other));
        Assert.Equal(Kernel.Fh, session.Open(client, Kernel.File, Client.Fh));
        Assert.Equal(Kernel.DirFh, session.Open(client, Kernel.Dir, Client.DirFh, Opcode.Opendir));
        Assert.Equal(Kernel.OtherFh, session.Open(client, Kernel.Other, Client.OtherFh));
        return session;
    }
}
