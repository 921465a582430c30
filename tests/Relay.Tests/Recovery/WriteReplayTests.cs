using System.Collections.Concurrent;
using System.Text;
using Sluice.Linux;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;
using Sluice.Relay.Tests.Scripted;

namespace Sluice.Relay.Tests.Recovery;

public sealed class WriteReplayTests : IDisposable
{
    private const uint Append = 0x401; // O_WRONLY | O_APPEND
    private const uint WriteOnly = 1;

    private readonly ScriptedSession _session;
    private ScriptedClient _client;
    private readonly ulong _node;
    private readonly ulong _handle;

    public WriteReplayTests()
    {
        _session = Session(Durability.Flush);
        _client = _session.Serving();
        _node = _session.Look(_client, FuseAbi.RootId, "f", 10);
        _handle = _session.Open(_client, _node, 70, flags: WriteOnly);
    }

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Unsynced_writes_are_made_again_in_their_order_and_synced_before_anything_else()
    {
        Write(_handle, 0, "hello world");
        Write(_handle, 6, "there");
        _session.CrashAndHold();
        ulong waiting = _session.Kernel.Send(Opcode.Getattr, _node, Bytes.Of(0u, 0u, 0UL));
        _session.LetClientsStart();
        _client = _session.NextClient();
        Assert.Equal("f", _client.AnswerNext(Opcode.Lookup, Messages.Entry(20)).Body.Text(0));
        var open = _client.AnswerNext(Opcode.Open, Messages.Open(90));
        Assert.Equal((20UL, WriteOnly, 1U), (open.NodeId, open.Body.U32(), open.Uid));
        Assert.Equal((90UL, 0UL, "hello there"), Written(_client.AnswerNext(Opcode.Write, Bytes.Of(11u, 0u))));
        Assert.Equal(90UL, _client.AnswerNext(Opcode.Flush).Body.U64());
        Assert.Equal(90UL, _client.AnswerNext(Opcode.Release).Body.U64());
        _client.AnswerNext(Opcode.Getattr, Messages.AttrReply(20));
        Assert.Equal(0, _session.Kernel.Wait(waiting).Error);
        Assert.Equal((0L, 1L, 11L), (_session.Status.JournalBytes, _session.Counters.ReplayedWrites, _session.Counters.ReplayedBytes));
    }

    [Fact]
    public void A_client_that_hangs_over_the_replay_is_replaced()
    {
        using var session = new ScriptedSession(new RelayOptions([]) { Spin = SpinMode.Off, Durability = Durability.Flush, HangTimeout = TimeSpan.FromMilliseconds(400) });
        var client = session.Serving();
        ulong node = session.Look(client, FuseAbi.RootId, "f", 10);
        Write(session, client, node, session.Open(client, node, 70, flags: WriteOnly), 0, "data");
        session.Crash();
        client = session.NextClient();
        client.AnswerNext(Opcode.Lookup, Messages.Entry(20));
        client.AnswerNext(Opcode.Open, Messages.Open(90));
        client.Expect(Opcode.Write); // and says nothing more; no request of the kernel's waits
        client = session.NextClient();
        client.AnswerNext(Opcode.Lookup, Messages.Entry(30));
        client.AnswerNext(Opcode.Open, Messages.Open(91));
        Assert.Equal((91UL, 0UL, "data"), Written(client.AnswerNext(Opcode.Write, Bytes.Of(4u, 0u))));
        client.AnswerNext(Opcode.Flush);
        client.AnswerNext(Opcode.Release);
        ScriptedSession.Until(() => session.Status is { ClientId: not null, JournalBytes: 0 }, "it serves");
    }

    [Fact]
    public void What_nobody_handed_on_at_the_end_is_named()
    {
        using var session = Session(Durability.Flush);
        var client = session.Serving();
        foreach (string name in (string[])["kept", "synced"])
        {
            ulong node = session.Look(client, FuseAbi.RootId, name, (ulong)(10 + name.Length));
            ulong handle = session.Open(client, node, 70, flags: WriteOnly);
            Write(session, client, node, handle, 0, "data");
            if (name != "synced")
                continue;
            ulong flush = session.Kernel.Send(Opcode.Flush, node, Bytes.Of(handle, 0UL, 0UL));
            client.AnswerNext(Opcode.Flush);
            session.Kernel.Wait(flush);
        }
        session.Stop();
        ScriptedSession.Until(() => session.End is not null, "it ends");
        Assert.Equal((1, "acknowledged writes could not be handed on: /kept"), (session.End!.Value.Status, session.End!.Value.Reason)); // in the journal alone, which ends with the session
    }

    [Fact]
    public void An_append_goes_to_where_it_was_and_not_to_the_end()
    {
        ulong log = _session.Open(_client, _node, 71, flags: Append);
        Write(log, 1000, "line");
        _client = Restart();
        _client.AnswerNext(Opcode.Lookup, Messages.Entry(20));
        Assert.Equal(WriteOnly, _client.AnswerNext(Opcode.Open, Messages.Open(90)).Body.U32());
        Assert.Equal((90UL, 1000UL, "line"), Written(_client.AnswerNext(Opcode.Write, Bytes.Of(4u, 0u))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_synced_is_not_made_again(bool byClose)
    {
        Write(_handle, 0, "safe");
        Sync(byClose ? Opcode.Flush : Opcode.Fsync, _handle);
        _client = _session.Replace();
        Assert.Null(_client.Next(100));
        Assert.Equal(0, _session.Counters.ReplayedWrites);
    }

    [Fact]
    public void A_FLUSH_says_nothing_where_only_FSYNC_hands_data_on()
    {
        using var session = Session(Durability.Fsync);
        var client = session.Serving();
        ulong node = session.Look(client, FuseAbi.RootId, "f", 10);
        ulong handle = session.Open(client, node, 70, flags: WriteOnly);
        Write(session, client, node, handle, 0, "data");
        ulong flush = session.Kernel.Send(Opcode.Flush, node, Bytes.Of(handle, 0UL, 0UL));
        client.AnswerNext(Opcode.Flush);
        Assert.Equal(0, session.Kernel.Wait(flush).Error);
        Assert.NotEqual(0, session.Status.JournalBytes);
        // Nobody can sync it once the handle is gone: the relay does.
        ulong release = session.Kernel.Send(Opcode.Release, node, Bytes.Of(handle, WriteOnly, 0u, 0UL));
        Assert.Equal(70UL, client.AnswerNext(Opcode.Fsync).Body.U64());
        client.AnswerNext(Opcode.Release);
        Assert.Equal(0, session.Kernel.Wait(release).Error);
        Assert.Equal(0, session.Status.JournalBytes);
    }

    [Fact]
    public void A_readers_close_says_nothing_about_a_writers_data()
    {
        Write(_handle, 0, "data");
        ulong reader = _session.Open(_client, _node, 72);
        Sync(Opcode.Flush, reader);
        Assert.NotEqual(0, _session.Status.JournalBytes);
        Sync(Opcode.Flush, _handle);
        Assert.Equal(0, _session.Status.JournalBytes);
    }

    [Fact]
    public void Of_two_syncs_at_a_time_the_second_hands_nothing_on()
    {
        Write(_handle, 0, "data");
        ulong first = _session.Kernel.Send(Opcode.Flush, _node, Bytes.Of(_handle, 0UL, 0UL));
        var slow = _client.Expect(Opcode.Flush);
        ulong second = _session.Kernel.Send(Opcode.Flush, _node, Bytes.Of(_handle, 0UL, 0UL));
        _client.AnswerNext(Opcode.Flush);
        Assert.Equal(0, _session.Kernel.Wait(second).Error);
        Assert.NotEqual(0, _session.Status.JournalBytes);
        _client.Answer(slow);
        Assert.Equal(0, _session.Kernel.Wait(first).Error);
        Assert.Equal(0, _session.Status.JournalBytes);
    }

    [Fact]
    public void A_truncated_file_gets_back_only_what_it_kept()
    {
        Write(_handle, 0, "0123456789");
        ulong truncate = _session.Kernel.Send(Opcode.Setattr, _node, Bytes.Of(FuseAbi.SetattrSize, 0u, 0UL, 4UL, new byte[64]));
        _client.AnswerNext(Opcode.Setattr, Messages.AttrReply(10, size: 4));
        Assert.Equal(0, _session.Kernel.Wait(truncate).Error);
        _client = Restart();
        _client.AnswerNext(Opcode.Lookup, Messages.Entry(20));
        _client.AnswerNext(Opcode.Open, Messages.Open(90));
        Assert.Equal("0123", Written(_client.AnswerNext(Opcode.Write, Bytes.Of(4u, 0u))).Data);
    }

    [Fact]
    public void A_client_that_dies_in_the_replay_leaves_it_to_the_next()
    {
        Write(_handle, 0, "data");
        _client = Restart();
        _client.AnswerNext(Opcode.Lookup, Messages.Entry(20));
        _client.AnswerNext(Opcode.Open, Messages.Open(90));
        _client.Expect(Opcode.Write);
        _session.Crash();
        _client = _session.NextClient();
        _client.AnswerNext(Opcode.Lookup, Messages.Entry(30));
        _client.AnswerNext(Opcode.Open, Messages.Open(91));
        Assert.Equal((91UL, 0UL, "data"), Written(_client.AnswerNext(Opcode.Write, Bytes.Of(4u, 0u))));
        _client.AnswerNext(Opcode.Flush);
        _client.AnswerNext(Opcode.Release);
        ScriptedSession.Until(() => _session.Status.ClientId is not null, "it serves");
        Assert.Equal(0, _session.Status.JournalBytes);
    }

    [Theory]
    [InlineData("lookup")]
    [InlineData("open")]
    [InlineData("write")]
    [InlineData("flush")]
    public void What_cannot_be_made_again_is_said_once(string step)
    {
        Write(_handle, 0, "data");
        _client = Restart();
        if (step == "lookup")
        {
            _client.Fail(_client.Expect(Opcode.Lookup), Errno.EIO);
        }
        else
        {
            _client.AnswerNext(Opcode.Lookup, Messages.Entry(20));
            if (step == "open")
            {
                _client.Fail(_client.Expect(Opcode.Open), Errno.EACCES);
            }
            else
            {
                _client.AnswerNext(Opcode.Open, Messages.Open(90));
                if (step == "write")
                    _client.Fail(_client.Expect(Opcode.Write), 28); // ENOSPC
                else
                    _client.AnswerNext(Opcode.Write, Bytes.Of(4u, 0u));
                if (step == "flush")
                    _client.Fail(_client.Expect(Opcode.Flush), Errno.EIO);
                _client.AnswerNext(Opcode.Release);
            }
        }
        ScriptedSession.Until(() => _session.Status.ClientId is not null, "it serves");
        Assert.Contains("1 files had data that could not be written again, /f among them", _session.Log, StringComparison.Ordinal);
        ulong fsync = _session.Kernel.Send(Opcode.Fsync, _node, Bytes.Of(_handle, 0u, 0u));
        if (step == "lookup")
            _client.AnswerNext(Opcode.Lookup, Messages.Entry(20));
        _client.AnswerNext(Opcode.Open, Messages.Open(95));
        _client.AnswerNext(Opcode.Fsync);
        Assert.Equal(Errno.EIO, _session.Kernel.Wait(fsync).Error);
        fsync = _session.Kernel.Send(Opcode.Fsync, _node, Bytes.Of(_handle, 0u, 0u));
        _client.AnswerNext(Opcode.Fsync);
        Assert.Equal(0, _session.Kernel.Wait(fsync).Error);
    }

    [Fact]
    public void A_write_in_flight_is_repeated_after_the_replay()
    {
        Write(_handle, 0, "acknowledged");
        ulong unique = _session.Kernel.Send(Opcode.Write, _node, Messages.WriteIn(_handle, 5, "in flight"u8.ToArray(), WriteOnly));
        _client.Expect(Opcode.Write);
        _client = Restart();
        _client.AnswerNext(Opcode.Lookup, Messages.Entry(20));
        _client.AnswerNext(Opcode.Open, Messages.Open(90));
        Assert.Equal("acknowledged", Written(_client.AnswerNext(Opcode.Write, Bytes.Of(12u, 0u))).Data);
        _client.AnswerNext(Opcode.Flush);
        _client.AnswerNext(Opcode.Release);
        _client.AnswerNext(Opcode.Open, Messages.Open(91));
        Assert.Equal((91UL, 5UL, "in flight"), Written(_client.AnswerNext(Opcode.Write, Bytes.Of(9u, 0u))));
        Assert.Equal(9U, _session.Kernel.Wait(unique).Body.U32());
        Assert.NotEqual(0, _session.Status.JournalBytes);
    }

    [Fact]
    public void An_heir_replays_what_the_killed_relay_kept()
    {
        var written = new ConcurrentQueue<string>();
        using var session = new ScriptedSession(Options(Durability.Flush), socket => new ScriptedClient(socket, serve: request => Messages.Reply(request.Unique, 0, Serve(request))));
        byte[] Serve(Request request)
        {
            switch (request.Opcode)
            {
                case Opcode.Lookup:
                    return Messages.Entry(10);
                case Opcode.Open:
                    return Messages.Open(70);
                case Opcode.Write:
                    written.Enqueue(Written(request).Data);
                    return Bytes.Of(request.Body.U32(16), 0u);
                default:
                    return [];
            }
        }
        session.Serving();
        ulong node = session.Kernel.Ask(Opcode.Lookup, FuseAbi.RootId, Bytes.Of("f")).Body.U64();
        ulong handle = session.Kernel.Ask(Opcode.Open, node, Bytes.Of(WriteOnly, 0u)).Body.U64();
        session.Kernel.Ask(Opcode.Write, node, Messages.WriteIn(handle, 0, "data"u8.ToArray(), WriteOnly));
        session.TakeOver();
        Assert.Equal(["data", "data"], [.. written]);
        Assert.Equal(0, session.Status.JournalBytes);
        session.TakeOver();
        Assert.Equal(2, written.Count);
    }

    [Fact]
    public void Data_of_a_file_without_a_name_is_lost_and_said_to_be()
    {
        Write(_handle, 0, "data");
        ulong unlink = _session.Kernel.Send(Opcode.Unlink, FuseAbi.RootId, Bytes.Of("f"));
        _client.AnswerNext(Opcode.Unlink);
        Assert.Equal(0, _session.Kernel.Wait(unlink).Error);
        Assert.Equal(0, _session.Status.JournalBytes);
        Write(_handle, 4, "more");
        Assert.Equal(0, _session.Status.JournalBytes);
        _client = _session.Replace();
        Assert.Contains("1 files had data", _session.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Other_clients_have_no_journal(bool uploads)
    {
        using var session = Session(uploads ? Durability.Upload : Durability.Write);
        var client = session.Serving();
        ulong node = session.Look(client, FuseAbi.RootId, "f", 10);
        ulong handle = session.Open(client, node, 70, flags: WriteOnly);
        Write(session, client, node, handle, 0, "data");
        Assert.Equal(0, session.Status.JournalBytes);
        client = session.Replace();
        Assert.Equal(uploads, session.Log.Contains("1 files had data", StringComparison.Ordinal));
        Assert.Null(client.Next(50));
    }

    /// <summary>close(2) waits for FLUSH alone: a client killed before the RELEASE has the file in its own directory.</summary>
    [Fact]
    public void An_uploading_client_that_was_killed_after_a_close_has_lost_nothing()
    {
        using var session = Session(Durability.Upload);
        var client = session.Serving();
        ulong node = session.Look(client, FuseAbi.RootId, "f", 10);
        ulong handle = session.Open(client, node, 70, flags: WriteOnly);
        Write(session, client, node, handle, 0, "data");
        ulong flush = session.Kernel.Send(Opcode.Flush, node, Bytes.Of(handle, 0UL, 0UL));
        client.AnswerNext(Opcode.Flush);
        Assert.Equal(0, session.Kernel.Wait(flush).Error);
        session.Replace();
        Assert.DoesNotContain("had data", session.Log, StringComparison.Ordinal);
    }

    private static RelayOptions Options(Durability durability) => new([]) { Durability = durability };

    private static ScriptedSession Session(Durability durability) => new(Options(durability));

    private static (ulong Handle, ulong Offset, string Data) Written(Request request) =>
        (request.Body.U64(), request.Body.U64(8), Encoding.Latin1.GetString(request.Body, 40, (int)request.Body.U32(16)));

    private static void Write(ScriptedSession session, ScriptedClient client, ulong node, ulong handle, ulong offset, string text)
    {
        ulong unique = session.Kernel.Send(Opcode.Write, node, Messages.WriteIn(handle, offset, Encoding.Latin1.GetBytes(text), WriteOnly));
        client.AnswerNext(Opcode.Write, Bytes.Of((uint)text.Length, 0u));
        Assert.Equal((uint)text.Length, session.Kernel.Wait(unique).Body.U32());
    }

    private void Write(ulong handle, ulong offset, string text) => Write(_session, _client, _node, handle, offset, text);

    private void Sync(Opcode opcode, ulong handle)
    {
        ulong unique = _session.Kernel.Send(opcode, _node, opcode == Opcode.Flush ? Bytes.Of(handle, 0UL, 0UL) : Bytes.Of(handle, 0u, 0u));
        _client.AnswerNext(opcode);
        Assert.Equal(0, _session.Kernel.Wait(unique).Error);
    }

    /// <summary>Kills the client; the next one is here, and is to be asked for the replay.</summary>
    private ScriptedClient Restart()
    {
        _session.Crash();
        return _session.NextClient();
    }
}
