using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;
using static Sluice.Relay.Tests.Scripted.Messages;

namespace Sluice.Relay.Tests.Forwarding;

/// <summary>Requests that wait: for a client that is silent, stopped or not there.</summary>
public sealed class WatchTests
{
    private static RelayOptions Options => new([]) { Spin = SpinMode.Off };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_known_is_answered_while_the_client_is_silent_or_gone(bool gone)
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        session.Look(client, 1, "dir", 100, FuseAbi.S_IFDIR);
        session.Look(client, 1, "file", 101);
        ulong first = session.Kernel.Send(Opcode.Statfs, 1, []);
        client.Answer(client.Expect(Opcode.Statfs), [.. Enumerable.Repeat((byte)7, 80)]);
        session.Kernel.Wait(first);
        if (gone)
            session.CrashAndHold();
        var started = System.Diagnostics.Stopwatch.StartNew();
        ulong root = session.Kernel.Send(Opcode.Getattr, 1, Of(0u, 0u, 0UL)), file = session.Kernel.Send(Opcode.Getattr, 3, Of(0u, 0u, 0UL));
        ulong statfs = session.Kernel.Send(Opcode.Statfs, 1, []), look = session.Kernel.Send(Opcode.Lookup, 1, Of("dir"));
        ulong unknown = session.Kernel.Send(Opcode.Lookup, 1, Of("file"));
        Assert.Equal(FuseAbi.S_IFDIR | 0x1ed, session.Kernel.Wait(root).Body.U32(16 + 60));
        Assert.Equal((101UL, 1UL), (session.Kernel.Wait(file).Body.U64(16), session.Kernel.Wait(file).Body.U64(0))); // valid for a second
        Assert.Equal(Enumerable.Repeat((byte)7, 80), session.Kernel.Wait(statfs).Body);
        Assert.Equal((2UL, 0UL), (session.Kernel.Wait(look).Body.U64(), session.Kernel.Wait(look).Body.U64(16)));
        Assert.InRange(started.ElapsedMilliseconds, 400, 3000);
        Assert.Null(session.Kernel.TryWait(unknown, 100)); // a file may be gone
    }

    [Fact]
    public void The_size_of_a_file_system_that_no_client_ever_told_is_waited_for()
    {
        using var session = new ScriptedSession();
        session.Serving();
        session.CrashAndHold();
        ulong statfs = session.Kernel.Send(Opcode.Statfs, 1, []);
        Assert.Null(session.Kernel.TryWait(statfs, 1000));
        session.LetClientsStart();
        session.NextClient().AnswerNext(Opcode.Statfs, [.. Enumerable.Repeat((byte)7, 80)]);
        Assert.Equal(7, session.Kernel.Wait(statfs).Body[0]);
    }

    [Fact]
    public void The_size_of_a_file_is_told_from_memory_when_no_writer_has_it_and_is_that_of_the_last_write()
    {
        // Seen with sshfs: a new file's size of 0 was told after its first write, and the application read an empty file.
        using var session = new ScriptedSession();
        var client = session.Serving();
        ulong node = session.Look(client, 1, "file", 101);
        ulong handle = session.Open(client, node, 70, flags: 1);
        ulong write = session.Kernel.Send(Opcode.Write, node, WriteIn(handle, 100, new byte[50], 1));
        client.AnswerNext(Opcode.Write, Of(50u, 0u));
        session.Kernel.Wait(write);
        ulong early = session.Kernel.Send(Opcode.Getattr, node, Of(0u, 0u, 0UL));
        var asked = client.Expect(Opcode.Getattr);
        Assert.Null(session.Kernel.TryWait(early, 1500));
        ulong release = session.Kernel.Send(Opcode.Release, node, Of(handle, 1u, 0u, 0UL));
        client.AnswerNext(Opcode.Release);
        session.Kernel.Wait(release);
        Assert.Equal(150UL, session.Kernel.Wait(early).Body.U64(16 + 8));
        client.Answer(asked, AttrReply(101, size: 150));
    }

    [Fact]
    public void What_a_late_reply_hands_out_is_handed_back()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        session.Look(client, 1, "dir", 100, FuseAbi.S_IFDIR);
        session.Look(client, 1, "file", 101);
        session.MarkKilled(5);
        var waiting = new Dictionary<Opcode, ulong>
        {
            [Opcode.Lookup] = session.Kernel.Send(Opcode.Lookup, 1, Of("dir")),
            [Opcode.Open] = session.Kernel.Send(Opcode.Open, 3, Of(0x8002u, 0u), pid: 5),
            [Opcode.Create] = session.Kernel.Send(Opcode.Create, 2, Of(0x42u, 0u, 0u, 0u, "new"), pid: 5),
            [Opcode.Mkdir] = session.Kernel.Send(Opcode.Mkdir, 2, Of(0x1edu, 0u, "made"), pid: 5),
            [Opcode.Readdirplus] = session.Kernel.Send(Opcode.Readdirplus, 2, ReadIn(0, 0, 4096), pid: 5),
            [Opcode.Unlink] = session.Kernel.Send(Opcode.Unlink, 1, Of("file"), pid: 5),
        };
        var asked = waiting.Select(_ => client.Next(5000)!).ToDictionary(r => r.Opcode);
        Assert.Equal(0, session.Kernel.Wait(waiting[Opcode.Lookup]).Error);
        Assert.All(waiting.Where(p => p.Key != Opcode.Lookup), p => Assert.Equal(4, session.Kernel.Wait(p.Value).Error));

        client.Answer(asked[Opcode.Lookup], Entry(100, FuseAbi.S_IFDIR));
        client.Answer(asked[Opcode.Open], Open(0x77));
        client.Answer(asked[Opcode.Create], [.. Entry(200), .. Open(0x78)]);
        client.Answer(asked[Opcode.Mkdir], Entry(201, FuseAbi.S_IFDIR));
        client.Answer(asked[Opcode.Readdirplus], [.. Entry(2), .. Dirent(2, 1, "."), .. Entry(202), .. Dirent(3, 2, "x")]);
        client.Answer(asked[Opcode.Unlink]);
        var released = new[] { client.Expect(Opcode.Release), client.Expect(Opcode.Release) };
        Assert.Equal([(101UL, 0x77UL, 0x8002U), (200UL, 0x78UL, 0x42U)], released.Select(r => (r.NodeId, r.Body.U64(), r.Body.U32(8))).Order());
        session.Kernel.Forget(77, 1); // any request takes the owed forgets along
        ScriptedSession.Until(() => client.Forgotten.Count == 4, "what was handed out is forgotten");
        Assert.Equal([(100UL, 1UL), (200UL, 1UL), (201UL, 1UL), (202UL, 1UL)], client.Forgotten.Select(p => (p.Key, p.Value)).Order());
        Assert.Equal((3, 0, 0), (session.Status.KnownFiles, session.Status.OpenFiles, session.Status.InFlight));
    }

    [Fact]
    public void Only_tasks_with_a_kill_pending_are_let_go()
    {
        using var session = new ScriptedSession();
        session.Serving();
        session.CrashAndHold();
        session.MarkKilled(5);
        ulong killed = session.Kernel.Send(Opcode.Lookup, 1, Of("x"), pid: 5), other = session.Kernel.Send(Opcode.Lookup, 1, Of("y"), pid: 6), outside = session.Kernel.Send(Opcode.Lookup, 1, Of("y"), pid: 0);
        Assert.Equal(4, session.Kernel.Wait(killed).Error);
        Assert.Null(session.Kernel.TryWait(other, 50));
        Assert.Null(session.Kernel.TryWait(outside, 50));
    }

    [Fact]
    public void Releases_and_clean_flushes_need_no_client()
    {
        using var session = new ScriptedSession(Options with { Durability = Durability.Flush }, geometry: ScriptedSession.Geometry with { JournalBlocks = 0 });
        var client = session.Serving();
        session.Look(client, 1, "clean", 100);
        session.Look(client, 1, "dirty", 101);
        ulong clean = session.Open(client, 2, 0x50), dirty = session.Open(client, 3, 0x51, flags: 2);
        ulong write = session.Kernel.Send(Opcode.Write, 3, WriteIn(dirty, 0, new byte[10]));
        client.Answer(client.Expect(Opcode.Write), Of(10u, 0u));
        session.Kernel.Wait(write);
        session.CrashAndHold();
        Assert.Equal(0, session.Kernel.Ask(Opcode.Flush, 2, Of(clean, 0u, 0u, 0UL)).Error);
        ulong flush = session.Kernel.Send(Opcode.Flush, 3, Of(dirty, 0u, 0u, 0UL));
        Assert.Equal(0, session.Kernel.Ask(Opcode.Release, 2, Of(clean, 0u, 0u, 0UL)).Error);
        Assert.Null(session.Kernel.TryWait(flush, 50));
        session.LetClientsStart();
        client = session.Serving();
        client.Answer(client.Expect(Opcode.Lookup), Entry(9));
        client.Answer(client.Expect(Opcode.Open), Open(1));
        client.Answer(client.Expect(Opcode.Flush));
        Assert.Equal(5, session.Kernel.Wait(flush).Error); // what was written and not flushed is lost, and said once
        flush = session.Kernel.Send(Opcode.Flush, 3, Of(dirty, 0u, 0u, 0UL));
        client.Answer(client.Expect(Opcode.Flush));
        Assert.Equal(0, session.Kernel.Wait(flush).Error);
        Assert.Equal(1, session.Status.OpenFiles);
    }

    [Fact]
    public void Without_a_client_for_too_long_requests_fail_until_there_is_one()
    {
        using var session = new ScriptedSession(Options with { ClientTimeout = TimeSpan.FromMilliseconds(300) });
        session.Serving();
        session.CrashAndHold();
        Assert.Equal(5, session.Kernel.Ask(Opcode.Lookup, 1, Of("x")).Error);
        var started = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(5, session.Kernel.Ask(Opcode.Lookup, 1, Of("x")).Error);
        Assert.InRange(started.ElapsedMilliseconds, 0, 90); // fast: no tick is waited for
        session.LetClientsStart();
        var client = session.Serving();
        Assert.Equal(2UL, session.Look(client, 1, "x", 100));
    }

    [Fact]
    public void A_client_that_answers_nothing_is_replaced()
    {
        using var session = new ScriptedSession(Options with { HangTimeout = TimeSpan.FromMilliseconds(300) });
        var client = session.Serving();
        ulong unique = session.Kernel.Send(Opcode.Lookup, 1, Of("x"));
        client.Expect(Opcode.Lookup);
        client = session.Serving();
        client.Answer(client.Expect(Opcode.Lookup), Entry(7));
        Assert.Equal(0, session.Kernel.Wait(unique).Error);
    }

    [Fact]
    public void A_client_that_answers_none_of_the_relays_own_requests_is_replaced()
    {
        using var session = new ScriptedSession(Options with { HangTimeout = TimeSpan.FromMilliseconds(300) });
        var client = session.Serving();
        session.Look(client, 1, "x", 100);
        client = session.Replace();
        ulong unique = session.Kernel.Send(Opcode.Readlink, 2, []);
        client.Expect(Opcode.Lookup); // no answer: every request waits for this one
        client = session.Serving();
        client.Answer(client.Expect(Opcode.Lookup), Entry(7));
        client.Answer(client.Expect(Opcode.Readlink), Of("target"));
        Assert.Equal(0, session.Kernel.Wait(unique).Error);
    }

    [Fact]
    public void A_client_that_hangs_before_it_serves_is_replaced()
    {
        using var session = new ScriptedSession(Options with { HangTimeout = TimeSpan.FromMilliseconds(300) });
        var client = session.Serving();
        ulong unique = session.Kernel.Send(Opcode.Unlink, 1, Of("x"));
        client.Expect(Opcode.Unlink);
        session.Crash();
        client = session.NextClient();
        client.Expect(Opcode.Lookup); // settles, and hears nothing
        client = session.NextClient();
        client.Fail(client.Expect(Opcode.Lookup), 2);
        Assert.Equal(0, session.Kernel.Wait(unique).Error);
    }
}
