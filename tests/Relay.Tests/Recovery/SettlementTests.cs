using Sluice.Relay.Fuse;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;
using static Sluice.Relay.Tests.Scripted.Messages;

namespace Sluice.Relay.Tests.Recovery;

/// <summary>
/// A client died over a change of names. What the next one is asked, what it answers when the change had happened and when it
/// had not, and what the application hears.
/// </summary>
public sealed class SettlementTests
{
    /// <summary>One question that the successor is asked, and its answer: an error, or a body.</summary>
    internal sealed record Step(Opcode Opcode, int Error, byte[] Body)
    {
        public static Step Look(int error) => new(Opcode.Lookup, error, []);

        public static Step Look(byte[] entry) => new(Opcode.Lookup, 0, entry);

        public static Step Attributes(ulong ino) => new(Opcode.Getattr, 0, AttrReply(ino));
    }

    /// <summary>A change that was in flight when its client died.</summary>
    /// <param name="Request">The opcode and body, in the root, where the kernel knows "file" (2) and "dir" (3).</param>
    /// <param name="Steps">What the successor is asked after that it was asked for the two.</param>
    /// <param name="Error">What the application hears.</param>
    internal sealed record Case(Opcode Opcode, byte[] Request, Step[] Steps, int Error = 0)
    {
        /// <summary>The successor is asked for "file" or "dir" first, by their ids in the request.</summary>
        public string[] Resolves { get; init; } = [];

        /// <summary>The kernel's body, where it is not empty.</summary>
        public byte[]? Answer { get; init; }
    }

    private static readonly byte[] Mkdir = Of(0x1edu, 0u, "new");
    private static readonly byte[] Mknod = Of(0x81a4u, 0u, 0u, 0u, "new");
    private static readonly byte[] Create = Of(0x80c2u, 0x81a4u, 0u, 0u, "new"); // O_CREAT | O_EXCL | O_RDWR
    private static readonly byte[] Symlink = Of("new", "target");
    private static readonly byte[] Link = Of(2UL, "new");
    private static readonly byte[] Rename = Of(1UL, "file", "new");
    private static readonly byte[] Setxattr = Of(3u, 1u, 0u, 0u, "user.x", new byte[] { 1, 2, 3 });
    private static readonly byte[] NewFile = Entry(50), NewDirectory = Entry(50, FuseAbi.S_IFDIR), NewLink = Entry(50, 0xa000);

    private static readonly Dictionary<string, Case> All = new(StringComparer.Ordinal)
    {
        ["UNLINK that had happened"] = new(Opcode.Unlink, Of("file"), [Step.Look(2)]),
        ["UNLINK that had happened, said with an entry without an id"] = new(Opcode.Unlink, Of("file"), [Step.Look(Entry(0))]),
        ["UNLINK that had not"] = new(Opcode.Unlink, Of("file"), [Step.Look(Entry(60)), new(Opcode.Unlink, 0, [])]),
        ["UNLINK that cannot"] = new(Opcode.Unlink, Of("file"), [Step.Look(Entry(60)), new(Opcode.Unlink, 1, [])], Error: 1),
        ["UNLINK that cannot look"] = new(Opcode.Unlink, Of("file"), [Step.Look(13)], Error: 13),
        ["RMDIR that had happened"] = new(Opcode.Rmdir, Of("dir"), [Step.Look(2)]),
        ["RMDIR that had not"] = new(Opcode.Rmdir, Of("dir"), [Step.Look(Entry(61, FuseAbi.S_IFDIR)), new(Opcode.Rmdir, 0, [])]),
        ["RMDIR of a full one"] = new(Opcode.Rmdir, Of("dir"), [Step.Look(Entry(61, FuseAbi.S_IFDIR)), new(Opcode.Rmdir, 39, [])], Error: 39),
        ["RENAME that had happened"] = new(Opcode.Rename, Rename, [Step.Look(2), Step.Look(Entry(60))]),
        ["RENAME that had not"] = new(Opcode.Rename, Rename, [Step.Look(Entry(60)), new(Opcode.Rename, 0, [])]),
        ["RENAME of what is nowhere"] = new(Opcode.Rename, Rename, [Step.Look(2), Step.Look(2)], Error: 2),
        ["RENAME2 without replacing, that had happened"] = new(Opcode.Rename2, Of(1UL, 1u, 0u, "file", "new"), [Step.Look(2), Step.Look(Entry(60))]),
        ["RENAME2 that exchanges"] = new(Opcode.Rename2, Of(1UL, 2u, 0u, "file", "dir"), [], Error: 5),
        ["MKDIR that had not"] = new(Opcode.Mkdir, Mkdir, [new(Opcode.Mkdir, 0, NewDirectory)]) { Answer = NewDirectory },
        ["MKDIR that had happened"] = new(Opcode.Mkdir, Mkdir, [new(Opcode.Mkdir, 17, []), Step.Look(NewDirectory)]) { Answer = NewDirectory },
        ["MKDIR where a file is"] = new(Opcode.Mkdir, Mkdir, [new(Opcode.Mkdir, 17, []), Step.Look(NewFile)], Error: 17),
        ["MKDIR that cannot"] = new(Opcode.Mkdir, Mkdir, [new(Opcode.Mkdir, 28, []), Step.Look(2)], Error: 28),
        ["MKNOD that had happened"] = new(Opcode.Mknod, Mknod, [new(Opcode.Mknod, 17, []), Step.Look(NewFile)]) { Answer = NewFile },
        ["MKNOD where a directory is"] = new(Opcode.Mknod, Mknod, [new(Opcode.Mknod, 17, []), Step.Look(NewDirectory)], Error: 17),
        ["SYMLINK that had not"] = new(Opcode.Symlink, Symlink, [new(Opcode.Symlink, 0, NewLink)]) { Answer = NewLink },
        ["SYMLINK that had happened"] = new(Opcode.Symlink, Symlink, [new(Opcode.Symlink, 1, []), Step.Look(NewLink), new(Opcode.Readlink, 0, Of("target")[..6])]) { Answer = NewLink },
        ["SYMLINK of another"] = new(Opcode.Symlink, Symlink, [new(Opcode.Symlink, 17, []), Step.Look(NewLink), new(Opcode.Readlink, 0, Of("tarpit")[..6])], Error: 17),
        ["SYMLINK of a longer one"] = new(Opcode.Symlink, Symlink, [new(Opcode.Symlink, 17, []), Step.Look(NewLink), new(Opcode.Readlink, 0, Of("target and more"))], Error: 17),
        ["LINK that had not"] = new(Opcode.Link, Link, [new(Opcode.Link, 0, Entry(60, nlink: 2))]) { Resolves = ["file"] },
        ["LINK that had happened"] = new(Opcode.Link, Link, [new(Opcode.Link, 17, []), Step.Look(Entry(60, nlink: 2)), Step.Attributes(60)]) { Resolves = ["file"] },
        ["LINK that had happened at a client that counts inodes and no links"] = new(Opcode.Link, Link, [new(Opcode.Link, 1, []), Step.Look(Entry(61)), Step.Attributes(60)]) { Resolves = ["file"] },
        ["LINK where another file is, at such a client"] = new(Opcode.Link, Link, [new(Opcode.Link, 1, []), Step.Look(Entry(61, size: 7)), Step.Attributes(60)], Error: 1) { Resolves = ["file"] },
        ["LINK where another file is"] = new(Opcode.Link, Link, [new(Opcode.Link, 17, []), Step.Look(Entry(61, ino: 99, nlink: 2)), Step.Attributes(100)], Error: 17) { Resolves = ["file"] },
        ["LINK that cannot look at the old name"] = new(Opcode.Link, Link, [new(Opcode.Link, 17, []), Step.Look(Entry(61)), new(Opcode.Getattr, 5, [])], Error: 17) { Resolves = ["file"] },
        ["CREATE that had not"] = new(Opcode.Create, Create, [new(Opcode.Create, 0, [.. NewFile, .. Open(8)])]) { Answer = NewFile },
        ["CREATE that had happened"] = new(Opcode.Create, Create, [new(Opcode.Create, 17, []), Step.Look(NewFile), new(Opcode.Open, 0, Open(8))]) { Answer = NewFile },
        ["CREATE where a directory is"] = new(Opcode.Create, Create, [new(Opcode.Create, 17, []), Step.Look(NewDirectory)], Error: 17),
        ["CREATE of what cannot be opened"] = new(Opcode.Create, Create, [new(Opcode.Create, 17, []), Step.Look(NewFile), new(Opcode.Open, 13, [])], Error: 13),
        ["CREATE at a client that keeps no handles"] = new(Opcode.Create, Create, [new(Opcode.Create, 17, []), Step.Look(NewFile), new(Opcode.Open, 38, [])]) { Answer = NewFile },
        ["SETXATTR"] = new(Opcode.Setxattr, Setxattr, [new(Opcode.Setxattr, 0, [])]),
        ["SETXATTR that had happened"] = new(Opcode.Setxattr, Setxattr, [new(Opcode.Setxattr, 17, []), new(Opcode.Getxattr, 0, [1, 2, 3])]),
        ["SETXATTR of another value"] = new(Opcode.Setxattr, Setxattr, [new(Opcode.Setxattr, 17, []), new(Opcode.Getxattr, 0, [1, 2, 4])], Error: 17),
        ["SETXATTR that is not supported"] = new(Opcode.Setxattr, Setxattr, [new(Opcode.Setxattr, 95, [])], Error: 95),
        ["REMOVEXATTR that had happened"] = new(Opcode.Removexattr, Of("user.x"), [new(Opcode.Removexattr, 61, [])]),
        ["REMOVEXATTR that had not"] = new(Opcode.Removexattr, Of("user.x"), [new(Opcode.Removexattr, 0, [])]),
        ["IOCTL"] = new(Opcode.Ioctl, Of(0UL, 0u, 5u, 6UL, 0u, 16u), [], Error: 5),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_change_is_made_once(string name)
    {
        var change = All[name];
        using var session = new ScriptedSession();
        var client = session.Serving();
        Assert.Equal(2UL, session.Look(client, 1, "file", 100));
        Assert.Equal(3UL, session.Look(client, 1, "dir", 101, FuseAbi.S_IFDIR));
        ulong unique = session.Kernel.Send(change.Opcode, 1, change.Request);
        client.Expect(change.Opcode);
        session.Crash();
        client = session.NextClient();
        foreach (string resolved in change.Resolves)
        {
            var asked = client.Expect(Opcode.Lookup);
            Assert.Equal(resolved, asked.Body.Text(0));
            client.Answer(asked, Entry(60));
        }
        foreach (var step in change.Steps)
        {
            var asked = client.Expect(step.Opcode);
            if (step.Error != 0)
                client.Fail(asked, step.Error);
            else
                client.Answer(asked, step.Body);
        }
        var reply = session.Kernel.Wait(unique);
        Assert.Equal(change.Error, reply.Error);
        if (change.Answer is not null)
        {
            Assert.Equal(4UL, reply.Body.U64()); // a new node
            Assert.Equal(change.Answer[40..128], reply.Body[40..128]);
        }
        Assert.Null(client.Next(20));
        ScriptedSession.Until(() => session.Status is { ClientId: not null, InFlight: 0 }, "nothing is left");
        session.Kernel.Forget(99, 1); // takes what is owed along
        AssertOwesNothing(client, change, reply);
    }

    /// <summary>Every entry that the successor gave was told to it again, or is a node of the kernel's.</summary>
    private static void AssertOwesNothing(ScriptedClient client, Case change, Reply reply)
    {
        bool kept = reply.Error == 0 && reply.Body.Length >= 128;
        var given = change.Steps.Where(step => step.Error == 0 && step.Body.Length >= 128 && step.Body.U64() != 0).Select(step => step.Body.U64()).ToList();
        if (kept)
            given.Remove(given[^1]);
        foreach (var node in given.GroupBy(id => id))
            ScriptedSession.Until(() => client.Forgotten.GetValueOrDefault(node.Key) == (ulong)node.Count(), $"{node.Key} is forgotten {node.Count()} times");
    }

    [Fact]
    public void Changes_are_settled_in_their_order_and_before_anything_else()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        ulong file = session.Look(client, 1, "a", 100);
        ulong read = session.Kernel.Send(Opcode.Readlink, file, []), rename = session.Kernel.Send(Opcode.Rename, 1, Of(1UL, "a", "b")), unlink = session.Kernel.Send(Opcode.Unlink, 1, Of("c"));
        for (int i = 0; i < 3; i++)
            client.Next(5000);
        session.Crash();
        client = session.NextClient();
        var asked = client.Expect(Opcode.Lookup);
        Assert.Equal("a", asked.Body.Text(0));
        client.Fail(asked, 2);
        asked = client.Expect(Opcode.Lookup);
        Assert.Equal("b", asked.Body.Text(0));
        client.Answer(asked, Entry(9));
        asked = client.Expect(Opcode.Lookup);
        Assert.Equal("c", asked.Body.Text(0));
        client.Fail(asked, 2);
        asked = client.Expect(Opcode.Lookup); // under its new name
        Assert.Equal("b", asked.Body.Text(0));
        client.Answer(asked, Entry(9));
        client.Answer(client.Expect(Opcode.Readlink), Of("x"));
        Assert.Equal((0, 0, 0), (session.Kernel.Wait(rename).Error, session.Kernel.Wait(unlink).Error, session.Kernel.Wait(read).Error));
    }

    [Fact]
    public void A_change_that_kills_its_clients_is_given_up()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        ulong unique = session.Kernel.Send(Opcode.Rmdir, 1, Of("poison"));
        client.Expect(Opcode.Rmdir);
        const int SIGSEGV = 11;
        session.Crash(SIGSEGV);
        for (int i = 0; i < 2; i++)
        {
            session.NextClient().Expect(Opcode.Lookup);
            session.Crash(SIGSEGV);
        }
        Assert.Equal(5, session.Kernel.Wait(unique).Error);
        session.Serving();
        Assert.Equal(1, session.Counters.Poisonous);
    }
}
