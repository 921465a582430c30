using Sluice.Relay.Fuse;
using Sluice.Relay.State;
using Sluice.Relay.Tests.Scripted;

namespace Sluice.Relay.Tests.Recovery;

public sealed class OwnSyncsTests : IDisposable
{
    private const uint WriteOnly = 1;

    private readonly ScriptedSession _session = new(new RelayOptions([]) { Durability = Durability.Flush });
    private readonly ScriptedClient _client;
    private readonly ulong _node;
    private readonly ulong _handle;

    public OwnSyncsTests()
    {
        _client = _session.Serving();
        _node = _session.Look(_client, FuseAbi.RootId, "f", 10);
        _handle = _session.Open(_client, _node, 70, flags: WriteOnly);
    }

    public void Dispose() => _session.Dispose();

    [Fact]
    public void A_nearly_full_journal_is_synced_before_the_next_write()
    {
        var (sync, write) = FillJournal();
        _client.Answer(sync);
        _client.AnswerNext(Opcode.Write, Bytes.Of((uint)WriteJournal.BlockSize, 0u));
        Assert.Equal((uint)WriteJournal.BlockSize, _session.Kernel.Wait(write).Body.U32());
        Assert.Equal(WriteJournal.BlockSize, _session.Status.JournalBytes);
        Assert.Equal(1, _session.Counters.JournalFull);
    }

    [Fact]
    public void An_applications_close_waits_for_a_sync_of_ours()
    {
        // Seen: sshfs answered a FLUSH beside ours at once, and crashed over a RELEASE of what ours named.
        var (sync, _) = FillJournal();
        ulong flush = _session.Kernel.Send(Opcode.Flush, _node, Bytes.Of(_handle, 0UL, 0UL));
        ulong release = _session.Kernel.Send(Opcode.Release, _node, Bytes.Of(_handle, WriteOnly, 0u, 0UL));
        Assert.Null(_client.Next(100));
        _client.Answer(sync);
        var next = new[] { _client.Next(5000), _client.Next(5000), _client.Next(5000) };
        Assert.Equal([Opcode.Flush, Opcode.Release, Opcode.Write], next.Select(request => request!.Opcode).Order(Comparer<Opcode>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))));
        foreach (var request in next)
            _client.Answer(request!, request!.Opcode == Opcode.Write ? Bytes.Of((uint)WriteJournal.BlockSize, 0u) : []);
        Assert.Equal(0, _session.Kernel.Wait(flush).Error);
        Assert.Equal(0, _session.Kernel.Wait(release).Error);
    }

    [Fact]
    public void A_sync_that_fails_is_told_to_the_application()
    {
        var (sync, write) = FillJournal();
        _client.Fail(sync, 5);
        _client.AnswerNext(Opcode.Write, Bytes.Of((uint)WriteJournal.BlockSize, 0u));
        _session.Kernel.Wait(write);
        ulong flush = _session.Kernel.Send(Opcode.Flush, _node, Bytes.Of(_handle, 0UL, 0UL));
        _client.AnswerNext(Opcode.Flush);
        Assert.Equal(5, _session.Kernel.Wait(flush).Error);
    }

    [Fact]
    public void A_client_that_was_silent_over_the_sync_is_asked_for_no_other()
    {
        var (sync, write) = FillJournal();
        Assert.Null(_client.Next(1200)); // silent after half a second: nothing is given up for that
        ulong close = _session.Kernel.Send(Opcode.Flush, _node, Bytes.Of(_handle, 0UL, 0UL)), other = _session.Kernel.Send(Opcode.Access, _node, Bytes.Of(0u, 0u));
        _client.AnswerNext(Opcode.Access); // it says something, but not what is waited for
        Assert.Equal(0, _session.Kernel.Wait(other).Error);
        Assert.Null(_client.Next(1200));
        _client.Answer(sync);
        var next = new[] { _client.Next(5000)!, _client.Next(5000)! };
        Assert.Equal(Opcode.Flush, Assert.Single(next, request => request.Opcode != Opcode.Write).Opcode);
        foreach (var request in next)
            _client.Answer(request, request.Opcode == Opcode.Write ? Bytes.Of((uint)WriteJournal.BlockSize, 0u) : []);
        Assert.Equal((0, 0), (_session.Kernel.Wait(close).Error, _session.Kernel.Wait(write).Error));
    }

    [Fact]
    public void What_is_written_after_a_sync_is_synced_by_the_next()
    {
        var (sync, write) = FillJournal();
        _client.Answer(sync);
        _client.AnswerNext(Opcode.Write, Bytes.Of((uint)WriteJournal.BlockSize, 0u));
        Assert.Equal(0, _session.Kernel.Wait(write).Error);
        ulong flush = _session.Kernel.Send(Opcode.Flush, _node, Bytes.Of(_handle, 0UL, 0UL));
        _client.AnswerNext(Opcode.Flush);
        Assert.Equal(0, _session.Kernel.Wait(flush).Error);
    }

    [Fact]
    public void A_clone_of_data_syncs_its_target_first_and_is_not_kept()
    {
        Write("data");
        ulong copy = _session.Kernel.Send(Opcode.CopyFileRange, _node, Bytes.Of(_handle, 0UL, _node, _handle, 100UL, 4UL, 0UL));
        _client.AnswerNext(Opcode.Flush);
        _client.AnswerNext(Opcode.CopyFileRange, Bytes.Of(4u, 0u));
        Assert.Equal(0, _session.Kernel.Wait(copy).Error);
        Assert.Equal(0, _session.Status.JournalBytes);
        _session.Replace();
        Assert.Contains("1 files had data", _session.Log, StringComparison.Ordinal);
    }

    /// <summary>Writes until the relay asks for a sync, which is returned, with the unique of the write that waits for it.</summary>
    private (Request Sync, ulong Write) FillJournal()
    {
        byte[] data = new byte[WriteJournal.BlockSize];
        for (ulong i = 0; i <= (ulong)ScriptedSession.Geometry.JournalBlocks; i++)
        {
            ulong unique = _session.Kernel.Send(Opcode.Write, _node, Messages.WriteIn(_handle, i * 2 * WriteJournal.BlockSize, data, WriteOnly));
            var request = _client.Next(10_000)!;
            if (request.Opcode != Opcode.Write)
            {
                Assert.Equal((Opcode.Flush, 70UL), (request.Opcode, request.Body.U64()));
                return (request, unique);
            }
            _client.Answer(request, Bytes.Of((uint)data.Length, 0u));
            _session.Kernel.Wait(unique);
        }
        throw new InvalidOperationException("the journal takes more than it has");
    }

    private void Write(string text)
    {
        ulong unique = _session.Kernel.Send(Opcode.Write, _node, Messages.WriteIn(_handle, 0, System.Text.Encoding.Latin1.GetBytes(text), WriteOnly));
        _client.AnswerNext(Opcode.Write, Bytes.Of((uint)text.Length, 0u));
        _session.Kernel.Wait(unique);
    }
}
