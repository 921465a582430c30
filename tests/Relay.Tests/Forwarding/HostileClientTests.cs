using Sluice.Relay.Fuse;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;
using static Sluice.Relay.Tests.Scripted.Messages;

namespace Sluice.Relay.Tests.Forwarding;

/// <summary>Whatever a client says, the kernel hears nothing that it would not take, and the session goes on.</summary>
public sealed class HostileClientTests
{
    /// <summary>What is no reply to the request: passed over, so that the true reply still counts.</summary>
    private static readonly Dictionary<string, Func<Request, byte[]>> Passed = new(StringComparer.Ordinal)
    {
        ["one byte"] = _ => [1],
        ["a header without its end"] = r => Reply(r.Unique, 0)[..15],
        ["a header that says more than there is"] = r => [.. Of(200u, 0, r.Unique), .. new byte[100]],
        ["a header that says less than there is"] = r => [.. Of(16u, 0, r.Unique), .. new byte[100]],
        ["the first piece of a spliced reply"] = r => [.. Of((1u << 17) + 16, 0, r.Unique), .. new byte[65520]],
        ["another slot"] = r => Reply(r.Unique + 2, 5),
        ["a slot that is none"] = r => Reply((r.Unique & ~0x1ffffUL) | (0xffff << 1), 5),
        ["an earlier use of the slot"] = r => Reply(r.Unique - (1UL << 17), 5),
        ["a later use of the slot"] = r => Reply(r.Unique + (1UL << 17), 5),
        ["the answer to an interrupt"] = r => Reply(r.Unique | 1, 38),
        ["a request of the relay's own"] = r => Reply(r.Unique | 1UL << 62, 0),
        ["a high bit"] = r => Reply(r.Unique | 1UL << 63, 0),
        ["all bits"] = _ => Reply(ulong.MaxValue, 0),
    };

    /// <summary>A reply to the request that is none: EIO in its place.</summary>
    private static readonly Dictionary<string, (Opcode Opcode, byte[] Request, Func<Request, byte[]> Message)> Refused = new(StringComparer.Ordinal)
    {
        ["a positive error"] = (Opcode.Lookup, Of("x"), r => Reply(r.Unique, -5)),
        ["an error that is none"] = (Opcode.Lookup, Of("x"), r => Reply(r.Unique, 512)),
        ["the least error"] = (Opcode.Lookup, Of("x"), r => Reply(r.Unique, int.MinValue)),
        ["an error with a body"] = (Opcode.Lookup, Of("x"), r => Reply(r.Unique, 2, 1, 2, 3)),
        ["the root under a name"] = (Opcode.Lookup, Of("x"), r => Reply(r.Unique, 0, Entry(1, FuseAbi.S_IFDIR))),
        ["no directory made"] = (Opcode.Mkdir, Of(0x1edu, 0u, "x"), r => Reply(r.Unique, 0, Entry(0))),
        ["a directory created as a file"] = (Opcode.Create, Of(0x42u, 0u, 0u, 0u, "x"), r => Reply(r.Unique, 0, [.. Entry(9, FuseAbi.S_IFDIR), .. Open(1)])),
        ["a file created as the root"] = (Opcode.Create, Of(0x42u, 0u, 0u, 0u, "x"), r => Reply(r.Unique, 0, [.. Entry(1), .. Open(1)])),
        ["more written than asked"] = (Opcode.Write, WriteIn(0, 0, new byte[10]), r => Reply(r.Unique, 0, Of(11u, 0u))),
        ["more read than asked"] = (Opcode.Read, ReadIn(0, 0, 10), r => Reply(r.Unique, 0, new byte[11])),
        ["more entries than asked"] = (Opcode.Readdir, ReadIn(0, 0, 31), r => Reply(r.Unique, 0, Dirent(5, 1, "a"))),
        ["an entry without a name"] = (Opcode.Readdir, ReadIn(0, 0, 4096), r => Reply(r.Unique, 0, Dirent(5, 1, ""))),
        ["an entry cut short"] = (Opcode.Readdir, ReadIn(0, 0, 4096), r => Reply(r.Unique, 0, Dirent(5, 1, "a long name")[..^8])),
        ["an entry without padding"] = (Opcode.Readdir, ReadIn(0, 0, 4096), r => Reply(r.Unique, 0, Dirent(5, 1, "name")[..^1])),
        ["half an entry after a whole one"] = (Opcode.Readdir, ReadIn(0, 0, 4096), r => Reply(r.Unique, 0, [.. Dirent(5, 1, "a"), .. Dirent(5, 1, "b")[..20]])),
        ["a name of all bytes"] = (Opcode.Readdir, ReadIn(0, 0, 4096), r => Reply(r.Unique, 0, [.. Of(5UL, 1UL, uint.MaxValue, 4u), .. new byte[8]])),
        ["a name of 256 bytes"] = (Opcode.Readdir, ReadIn(0, 0, 4096), r => Reply(r.Unique, 0, Dirent(5, 1, new string('n', 256)))),
        ["a name with a slash"] = (Opcode.Readdir, ReadIn(0, 0, 4096), r => Reply(r.Unique, 0, Dirent(5, 1, "a/b"))),
        ["a name with a slash and attributes"] = (Opcode.Readdirplus, ReadIn(0, 0, 4096), r => Reply(r.Unique, 0, [.. Entry(9), .. Dirent(5, 1, "a/b")])),
        ["a name with NUL and attributes"] = (Opcode.Readdirplus, ReadIn(0, 0, 4096), r => Reply(r.Unique, 0, [.. Entry(9), .. Dirent(5, 1, "a\0b")])),
        ["attributes without an entry"] = (Opcode.Readdirplus, ReadIn(0, 0, 4096), r => Reply(r.Unique, 0, Entry(9))),
        ["a value longer than asked"] = (Opcode.Getxattr, Of(4u, 0u, "user.x"), r => Reply(r.Unique, 0, new byte[8])),
        ["a link to nowhere"] = (Opcode.Readlink, [], r => Reply(r.Unique, 0)),
        ["a target of a page"] = (Opcode.Readlink, [], r => Reply(r.Unique, 0, new byte[4096])),
        ["more of an ioctl than asked"] = (Opcode.Ioctl, Of(0UL, 0u, 5u, 6UL, 0u, 16u), r => Reply(r.Unique, 0, new byte[33])),
    };

    public static TheoryData<string> NamesOfPassed => [.. Passed.Keys];

    public static TheoryData<string> NamesOfRefused => [.. Refused.Keys];

    [Theory]
    [MemberData(nameof(NamesOfPassed))]
    public void What_answers_nothing_is_counted_and_passed_over(string name)
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        for (int i = 0; i < 8; i++)
            session.Look(client, 1, "so that slots were used before", 100);
        ulong unique = session.Kernel.Send(Opcode.Statfs, 1, []);
        var asked = client.Expect(Opcode.Statfs);
        client.Say(Passed[name](asked));
        client.Answer(asked, new byte[80]);
        Assert.Equal(0, session.Kernel.Wait(unique).Error);
        ScriptedSession.Until(() => session.Counters.Violations == 1, "it is counted");
        client.Answer(asked, new byte[80]); // once more
        ScriptedSession.Until(() => session.Counters.Violations == 2, "it is counted too");
        Assert.Equal(0, session.Kernel.Doubled);
    }

    [Theory]
    [MemberData(nameof(NamesOfRefused))]
    public void What_cannot_be_the_answer_becomes_an_error(string name)
    {
        var (opcode, request, message) = Refused[name];
        using var session = new ScriptedSession();
        var client = session.Serving();
        ulong unique = session.Kernel.Send(opcode, 1, request);
        client.Say(message(client.Expect(opcode)));
        Assert.Equal(5, session.Kernel.Wait(unique).Error);
        Assert.Equal((1, 1, 0), (session.Counters.Violations, session.Status.KnownFiles, session.Status.OpenFiles));
        Assert.Equal(2UL, session.Look(client, 1, "after", 100));
    }

    [Fact]
    public void Absurd_attributes_pass_and_do_no_harm()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        ulong unique = session.Kernel.Send(Opcode.Lookup, 1, Of("x"));
        byte[] absurd = [.. Of(99UL), .. Enumerable.Repeat((byte)0xff, 120)];
        client.Answer(client.Expect(Opcode.Lookup), absurd);
        Assert.Equal(0, session.Kernel.Wait(unique).Error);
        client = session.Replace();
        unique = session.Kernel.Send(Opcode.Getattr, 2, Of(0u, 0u, 0UL));
        client.Answer(client.Expect(Opcode.Lookup), absurd);
        client.Answer(client.Expect(Opcode.Getattr), [.. new byte[16], .. Enumerable.Repeat((byte)0xff, 88)]);
        Assert.Equal(0, session.Kernel.Wait(unique).Error);
    }

    [Fact]
    public void A_flood_of_nonsense_is_passed_over_and_remembered_nowhere()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        for (int i = 0; i < 30_000; i++)
            client.Say(i % 2 == 0 ? Reply((ulong)(i + 1) * 77, 0, 1, 2, 3) : Of(40u, (int)NotifyCode.InvalInode, 0UL, (ulong)i + 1000, 0UL, 0UL));
        Assert.Equal(2UL, session.Look(client, 1, "after", 100));
        Assert.InRange(session.Counters.Violations, 15_000, 15_000);
        Assert.Equal(15_000, session.Counters.NotificationsDropped);
    }

    [Fact]
    public void A_client_that_does_not_read_holds_up_its_own_requests_and_no_forgets_or_deaths()
    {
        using var reading = new ManualResetEventSlim(false);
        using var session = new ScriptedSession(newClient: socket => new ScriptedClient(socket, serve: request =>
        {
            reading.Wait();
            return Reply(request.Unique, 0, request.Opcode == Opcode.Write ? Of(100_000u, 0u) : []);
        }));
        session.Serving();
        var writes = Enumerable.Range(0, 100).Select(i => session.Kernel.Send(Opcode.Write, 1, WriteIn(0, (ulong)i, new byte[100_000]))).ToArray();
        Assert.Null(session.Kernel.TryWait(writes[0], 100));
        session.Crash(); // the successor gets all that the first had, and reads as little
        session.Serving();
        reading.Set();
        Assert.All(writes, unique => Assert.Equal(0, session.Kernel.Wait(unique).Error));
    }
}
