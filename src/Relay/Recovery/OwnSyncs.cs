using Sluice.Linux;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Recovery;

/// <summary>
/// Syncs that no application asked for. Before a WRITE while the journal is nearly full; before a change of content that it
/// cannot hold; and before a RELEASE, so that no written data outlives its handle: afterwards nobody could sync it any more,
/// and a replay long after would undo what others have written since.
/// </summary>
internal sealed unsafe class OwnSyncs(SessionState state, Resolver resolver, UnflushedWrites unflushed, RelayOptions options, Counters counters)
{
    private readonly Lock _gate = new(); // held while a client syncs, by workers alone
    private volatile uint _underWay; // the handle that is being synced; 0: none
    private Thread? _running; // asks the present client, or one before it; guarded by _gate

    /// <summary>Whether a request has to wait for such a sync. No lock, no allocation: asked for every request.</summary>
    public bool Precedes(byte* request)
    {
        var header = (InHeader*)request;
        return header->Opcode switch
        {
            Opcode.Write => state.Journal.IsLow,
            Opcode.Release => _underWay == *(ulong*)(request + InHeader.Size) || state.Journal.Has(header->NodeId, *(ulong*)(request + InHeader.Size)),
            Opcode.Fsync or Opcode.Flush => _underWay == *(ulong*)(request + InHeader.Size),
            Opcode.Fallocate => state.Journal.Has(header->NodeId),
            Opcode.CopyFileRange or Opcode.CopyFileRange64 => state.Journal.Has(*(ulong*)(request + InHeader.Size + 16)),
            _ => false,
        };
    }

    /// <summary>
    /// Whether a request, which counts as sent already, may go. No sync goes beside one of ours of the same handle: of two at a
    /// time, sshfs answers the second without waiting for what the first waits for (seen with a FLUSH that a fork's exec had
    /// sent, and a close right after it); and no RELEASE, after which ours would name what is gone. For the same reason an
    /// application's sync beside another one hands nothing on.
    /// </summary>
    public bool MaySend(Slot* slot)
    {
        byte* request = state.Requests.RequestOf(slot);
        var opcode = ((InHeader*)request)->Opcode;
        if (opcode is not (Opcode.Fsync or Opcode.Flush or Opcode.Release))
            return true;
        ulong clock = state.Journal.Clock;
        ulong handle = *(ulong*)(request + InHeader.Size);
        Interlocked.MemoryBarrier(); // of two that are sent now, one sees the other
        if (handle != 0 && _underWay == handle)
            return false;
        slot->SyncClock = IsUnderWay(handle, slot) ? 0 : clock;
        return true;
    }

    /// <summary>Makes the sync, for a request whose ids the client knows. False when the link ended.</summary>
    public bool Make(byte* request, ClientLink link)
    {
        if (!Precedes(request))
            return true;
        var header = (InHeader*)request;
        byte* body = request + InHeader.Size;
        lock (_gate)
        {
            switch (header->Opcode)
            {
                case Opcode.Write:
                    while (state.Journal.IsLow && state.Journal.TryLargest(out uint node, out uint handle))
                    {
                        counters.JournalFull++;
                        if (!Sync(node, handle, link))
                            return false;
                    }
                    return true;
                case Opcode.Fsync or Opcode.Flush:
                    return IsOver(link);
                case Opcode.Release:
                    return IsOver(link) && (!state.Journal.Has(header->NodeId, *(ulong*)body) || Sync((uint)header->NodeId, (uint)*(ulong*)body, link));
                case Opcode.Fallocate:
                    return SyncAll((uint)header->NodeId, link);
                default:
                    return SyncAll((uint)*(ulong*)(body + 16), link);
            }
        }
    }

    private bool SyncAll(uint node, ClientLink link)
    {
        while (state.Journal.Has(node) && !link.Ended)
        {
            var records = state.Journal.RecordsOf(node);
            if (records.Count > 0 && !Sync(node, state.Journal.Record(records[0])->Handle, link))
                return false;
        }
        return !link.Ended;
    }

    /// <summary>
    /// What was written through one handle. Afterwards it is out of the journal, in whatever way. On a thread of its own, which
    /// waits however long the client takes: the callers may leave it, and none asks for another one beside it.
    /// </summary>
    /// <returns>False when the link ended, or the client went silent.</returns>
    private bool Sync(uint node, uint handle, ClientLink link)
    {
        if (!IsOver(link))
            return false;
        if (!state.Journal.Has(node, handle))
            return true; // it was this one's
        _underWay = handle;
        Interlocked.MemoryBarrier();
        bool done = false;
        _running = new Thread(() => done = SyncAlone(node, handle, link), 256 << 10) { IsBackground = true, Name = "own sync" };
        _running.Start();
        return IsOver(link) && done;
    }

    /// <summary>Waits for the sync that is under way. False when the link ended, or the client went silent.</summary>
    private bool IsOver(ClientLink link)
    {
        while (_running?.Join(20) == false)
        {
            if (link.Silent || link.Ended)
                return false;
        }
        _running = null;
        return !link.Ended;
    }

    private bool SyncAlone(uint node, uint handle, ClientLink link)
    {
        while (IsUnderWay(handle, null) && !link.Ended)
        {
            CrashPoint.Wait();
            Thread.Sleep(1); // an application's, which hands on the same, or closes
        }
        ulong clock = state.Journal.Clock;
        int error = link.Ended ? ClientLink.Lost : SyncAtClient(node, handle, link);
        _underWay = 0;
        if (error == ClientLink.Lost || link.Ended)
            return false;
        if (error != 0 && !state.Journal.Has(node, handle))
            return true; // synced and closed by its application meanwhile
        if (error == 0)
            unflushed.HandedOn(node, handle, clock);
        else if (error == Errno.ENOSYS)
            unflushed.Changed(node, handle); // it knows no sync: nothing says when the data is safe
        else
            unflushed.Lose(node); // the client has told us in an application's place
        return true;
    }

    private int SyncAtClient(uint node, uint handle, ClientLink link)
    {
        int error = resolver.ResolveHandle(handle, link);
        if (error != 0)
            return error;
        if (!state.Nodes.TryBound(node, link.Epoch, out var client) || !state.Handles.IsLive(handle) || !state.Handles.TryBound(handle, link.Epoch, out var open))
            return Errno.ESTALE;
        var record = state.Handles[handle];
        return ClientFile.Sync(client, open, options.Durability <= Durability.Flush, record->Uid, record->Gid, link, patient: true);
    }

    /// <summary>Whether an application's sync or RELEASE of a handle is at the client.</summary>
    private bool IsUnderWay(ulong handle, Slot* except)
    {
        for (int i = 0; i < state.Requests.UsedMark; i++)
        {
            var slot = state.Requests[i];
            if (slot == except || !slot->IsAtClient)
                continue;
            byte* request = state.Requests.RequestOf(slot);
            if (((InHeader*)request)->Opcode is Opcode.Fsync or Opcode.Flush or Opcode.Release && *(ulong*)(request + InHeader.Size) == handle)
                return true;
        }
        return false;
    }
}
