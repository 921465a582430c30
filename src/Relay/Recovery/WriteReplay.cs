using Sluice.Linux;
using Sluice.Relay.Forwarding;
using Sluice.Relay.State;

namespace Sluice.Relay.Recovery;

/// <summary>What a replay did.</summary>
internal record struct Replayed
{
    public int Files;
    public int Writes;
    public long Bytes;
    /// <summary>Files whose data could not be written again: their next FSYNC or FLUSH says so.</summary>
    public int Lost;
    /// <summary>One of them, and why.</summary>
    public string LostPath;
    public int LostErrno;
}

/// <summary>
/// The journal, written again to a client that has just begun and synced there, before any other request: it is empty
/// afterwards. Through handles of the relay's own without O_APPEND, for the offsets are where the data was.
/// </summary>
internal sealed unsafe class WriteReplay(SessionState state, Resolver resolver, UnflushedWrites unflushed, RelayOptions options)
{
    private const byte MaxAttempts = 5; // clients that may die over one file's data: arbitrary, below the failed starts that end a session

    /// <summary>Replays. When the link ends in between, what is left waits for the next client.</summary>
    public Replayed Run(ClientLink link)
    {
        var done = new Replayed { LostPath = "" };
        var message = new byte[ClientFile.WriteHead + WriteJournal.BlockSize];
        foreach (uint node in state.Journal.Nodes())
        {
            var records = state.Journal.RecordsOf(node);
            int error = Replay(node, records, message, link);
            if (error == ClientLink.Lost || link.Ended)
                return done;
            if (error == 0)
            {
                done.Files++;
                done.Writes += records.Count;
                foreach (int record in records)
                    done.Bytes += state.Journal.Record(record)->Length;
                state.Journal.Drop(node);
                continue;
            }
            done.Lost++;
            (done.LostPath, done.LostErrno) = (state.Nodes.IsLive(node) ? state.Nodes.PathOf(node) : "a forgotten file", error);
            unflushed.Lose(node);
        }
        return done;
    }

    private int Replay(uint node, List<int> records, byte[] message, ClientLink link)
    {
        var first = state.Journal.Record(records[0]);
        if (!state.Nodes.IsLive(node) || state.Nodes.GenerationOf(node) != first->Generation)
            return Errno.ESTALE;
        if (first->Attempts >= MaxAttempts)
            return Errno.EIO;
        CrashPoint.Pass();
        first->Attempts++;
        int error = resolver.ResolveNode(node, link, first->Uid, first->Gid);
        if (error == 0 && !state.Nodes.TryBound(node, link.Epoch, out _))
            error = Errno.ESTALE;
        if (error != 0)
            return error;
        _ = state.Nodes.TryBound(node, link.Epoch, out var client);
        error = ClientFile.Open(client, directory: false, ClientFile.WriteOnly, first->Uid, first->Gid, 0, link, out var handle);
        if (error != 0)
            return error;
        foreach (int number in records)
        {
            var record = state.Journal.Record(number);
            var data = state.Journal.DataOf(number);
            data.CopyTo(message.AsSpan(ClientFile.WriteHead));
            error = ClientFile.Write(client, handle, record->Offset, message.AsSpan(0, ClientFile.WriteHead + data.Length), record->Uid, record->Gid, state.Header->InitOut.MaxWrite, link);
            if (error != 0)
                break;
        }
        if (error == 0)
            error = ClientFile.Sync(client, handle, options.Durability <= Durability.Flush, first->Uid, first->Gid, link);
        int released = ClientFile.Release(client, handle, ClientFile.WriteOnly, first->Uid, first->Gid, link);
        if (error == Errno.ENOSYS)
        {
            // It knows no sync, and is asked for none: that it will keep the data cannot be told, but it has it.
            unflushed.Changed(node, 0);
            error = 0;
        }
        return released == ClientLink.Lost ? released : error;
    }
}
