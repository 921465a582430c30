using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Recovery;

/// <summary>
/// What the client has acknowledged and may still hold in its memory alone. Where it hands data on at FLUSH or FSYNC, it is
/// kept in the journal until then; what is not in the journal makes its file dirty, and a dirty file says EIO once after the
/// client has died. A loss is never silent.
/// </summary>
internal sealed unsafe class UnflushedWrites(SessionState state, RelayOptions options)
{
    private bool Journals => options.Durability is Durability.Flush or Durability.Fsync && state.Journal.Capacity > 0;

    /// <summary>A WRITE was acknowledged.</summary>
    public void Written(ulong node, ulong handle, ulong offset, byte* data, uint length)
    {
        if (options.Durability == Durability.Write || length == 0)
            return;
        // A node without a name is found by no other client. A handle that is closed, or was never one (0), ends with no RELEASE that would sync it.
        bool kept = Journals && state.Nodes.HasName(node) && state.Handles.IsLive(handle) && state.Handles[handle]->Node == node
            && offset <= (ulong)long.MaxValue - length
            && state.Journal.TryAppend((uint)node, state.Nodes.GenerationOf((uint)node), (uint)handle, state.Handles[handle], offset, data, length);
        if (!kept)
            Changed(node, handle);
    }

    /// <summary>A file's content was changed in a way that the journal does not keep: nothing of it is kept any more, for older bytes must not come back over newer ones.</summary>
    public void Changed(ulong node, ulong handle)
    {
        if (options.Durability == Durability.Write || !state.Nodes.IsLive(node))
            return;
        ulong now = state.Journal.Tick();
        state.Nodes.SetDirty(node, true); // before the journal gives up what it has
        MarkUnjournaled(node, handle, now);
        if (!state.Journal.Has(node))
            return;
        var handles = new HashSet<uint>();
        state.Journal.Drop((uint)node, handles);
        foreach (uint other in handles)
            MarkUnjournaled(node, other, now);
    }

    /// <summary>A FSYNC or FLUSH has succeeded.</summary>
    /// <param name="opcode">Which.</param>
    /// <param name="node">The node.</param>
    /// <param name="handle">Its handle: what was written through others may not be handed on.</param>
    /// <param name="clock">The journal's clock up to which it hands on.</param>
    /// <returns>Whether the answer must be EIO, for data was lost before.</returns>
    public bool Synced(Opcode opcode, ulong node, ulong handle, ulong clock)
    {
        // FLUSH is what close(2) waits for: an uploading client has the data in its own directory then, and RELEASE comes later.
        if (opcode == Opcode.Fsync ? options.Durability <= Durability.Fsync : options.Durability is <= Durability.Flush or Durability.Upload)
            HandedOn((uint)node, handle, clock);
        // A reader's close tells nobody who wrote.
        return state.Handles.CanWrite(handle) && state.Nodes.HasLost(node);
    }

    /// <summary>The client has really handed on what was written through a handle and acknowledged up to <paramref name="clock"/>.</summary>
    public void HandedOn(uint node, ulong handle, ulong clock)
    {
        state.Journal.Synced(node, (uint)handle, clock);
        if (!state.Nodes.IsDirty(node))
            return;
        if (state.Handles.IsLive(handle) && state.Handles[handle]->UnjournaledAt <= clock)
            state.Handles.SetUnjournaled(handle, 0);
        CleanIfHandedOn(node);
    }

    /// <summary>A handle is closed. An uploading client has the data in its own directory from now on; another has handed it on, or it was said to be lost.</summary>
    public void Closed(ulong node, ulong handle)
    {
        if (options.Durability != Durability.Upload || !state.Nodes.IsDirty(node))
            return;
        state.Handles.SetUnjournaled(handle, 0);
        CleanIfHandedOn((uint)node);
    }

    /// <summary>The file's size was set.</summary>
    public void Truncated(ulong node, ulong size)
    {
        if (Journals)
            state.Journal.Truncate((uint)node, size);
    }

    /// <summary>A name is gone; with the last one goes the way in which another client could find the file.</summary>
    public void NameGone(uint node)
    {
        if (Journals && node != 0 && state.Journal.Has(node) && !state.Nodes.HasName(node))
            Changed(node, 0);
    }

    /// <summary>Nobody has the data any more: the file says so once.</summary>
    public void Lose(uint node)
    {
        state.Nodes.SetLost(node);
        state.Journal.Drop(node);
    }

    /// <summary>The client is gone. What is in the journal waits for the next; the rest is lost.</summary>
    /// <returns>How many files lost data.</returns>
    public int LoseUnjournaled()
    {
        if (options.Durability == Durability.Write)
            return 0;
        int lost = state.Nodes.LoseUnflushed();
        if (lost > 0)
        {
            foreach (uint handle in state.Handles.Live())
                state.Handles.SetUnjournaled(handle, 0);
        }
        return lost;
    }

    private void MarkUnjournaled(ulong node, ulong handle, ulong now)
    {
        if (state.Handles.IsLive(handle) && state.Handles[handle]->Node == node)
            state.Handles.SetUnjournaled(handle, now);
    }

    private void CleanIfHandedOn(uint node)
    {
        foreach (uint handle in state.Handles.Live())
        {
            if (state.Handles[handle]->Node == node && state.Handles[handle]->UnjournaledAt != 0)
                return;
        }
        state.Nodes.SetDirty(node, false);
    }
}
