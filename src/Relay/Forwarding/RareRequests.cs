using Sluice.Linux;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Forwarding;

/// <summary>What is not a request with a reply of the client's: FORGET, INTERRUPT, INIT, DESTROY, and what cannot arrive.</summary>
internal sealed unsafe class RareRequests(FuseDevice device, SessionState state, PendingRequests pending, ReplyTranslation replies, Counters counters)
{
    /// <summary>Set once the kernel's INIT is kept in the state.</summary>
    public ManualResetEventSlim InitArrived { get; } = new(false);

    public void Handle(Landing* landing, byte* buffer)
    {
        var header = (InHeader*)buffer;
        switch (header->Opcode)
        {
            case Opcode.Forget or Opcode.BatchForget:
                ForgetAll(landing, buffer);
                break;
            case Opcode.Interrupt when header->Len >= InHeader.Size + 8:
                Interrupt(*(ulong*)(buffer + InHeader.Size));
                break;
            case Opcode.Init:
                KeepInit(buffer);
                break;
            case Opcode.Destroy:
                Destroy(header);
                break;
            case Opcode.NotifyReply:
                break; // the client's RETRIEVE is never passed on
            default:
                counters.Violations++;
                _ = device.Reply(header->Unique, Errno.ENOSYS);
                break;
        }
    }

    /// <summary>Goes on with a FORGET that a killed relay had begun: each entry is done once.</summary>
    public void ForgetAll(Landing* landing, byte* buffer)
    {
        var header = (InHeader*)buffer;
        byte* body = buffer + InHeader.Size;
        uint epoch = pending.Link?.Epoch ?? 0;
        bool one = header->Opcode == Opcode.Forget;
        uint count = one ? 1 : Math.Min(*(uint*)body, (header->Len - InHeader.Size - 8) / 16);
        while (landing->ForgetsDone < count)
        {
            ulong* entry = (ulong*)(body + 8 + (landing->ForgetsDone * 16));
            state.Nodes.Forget(one ? header->NodeId : entry[0], one ? *(ulong*)body : entry[1], epoch, landing);
        }
        InFlight.Empty(buffer); // before the marks are reset: an heir must not begin again
        landing->ResetForgets();
    }

    /// <summary>Tells the client what it may forget, as far as its socket takes it: the rest waits for the next request.</summary>
    public void SendForgets()
    {
        var link = pending.Link;
        if (link is null)
            return;
        while (state.Nodes.TryTakeForgotten(link.Epoch, out var forgotten))
        {
            if (SendForget(link, forgotten) != -Errno.EAGAIN)
                continue;
            state.Nodes.ForgetAtClient(forgotten.Node, forgotten.Lookups, forgotten.Epoch);
            return;
        }
    }

    private static int SendForget(ClientLink link, in Forgotten forgotten)
    {
        byte* message = stackalloc byte[InHeader.Size + 8];
        *(InHeader*)message = new InHeader { Len = InHeader.Size + 8, Opcode = Opcode.Forget, NodeId = forgotten.Node.Id, Unique = 2 };
        *(ulong*)(message + InHeader.Size) = forgotten.Lookups;
        return link.Send(message, InHeader.Size + 8, null, 0);
    }

    /// <summary>The reply to a request that the kernel was answered long ago: what it handed out is handed back.</summary>
    public void Late(Slot* slot, byte* message, ClientLink link)
    {
        if (((OutHeader*)message)->Error == 0 && replies.TakeLate(slot, message, link.Epoch) is { } opened)
            ReleaseAtClient(slot, opened.Node, opened.Handle, link);
        state.Requests.Release(slot);
    }

    /// <summary>A handle that the kernel never heard of: the client may close it.</summary>
    private void ReleaseAtClient(Slot* slot, ClientNode node, ClientHandle handle, ClientLink link)
    {
        byte* request = state.Requests.RequestOf(slot);
        const int Length = InHeader.Size + 24; // fuse_release_in
        byte* message = stackalloc byte[Length];
        new Span<byte>(message, Length).Clear();
        // An own call that nobody waits for: its answer is dropped.
        *(InHeader*)message = new InHeader { Len = Length, Opcode = ((InHeader*)request)->Opcode == Opcode.Opendir ? Opcode.Releasedir : Opcode.Release, NodeId = node.Id, Unique = 1UL << 62 };
        *(ulong*)(message + InHeader.Size) = handle.Fh;
        *(uint*)(message + InHeader.Size + 8) = *(uint*)(request + InHeader.Size);
        _ = link.Send(message, Length, null, 0);
    }

    /// <summary>Passed on only while the request is at this client; a parked one is looked after by the <see cref="Watch"/>.</summary>
    private void Interrupt(ulong unique)
    {
        var link = pending.Link;
        if (link is null)
            return;
        for (int i = 0; i < state.Requests.UsedMark; i++)
        {
            var slot = state.Requests[i];
            if (slot->Unique != unique || slot->Word != Slot.WordOf(SlotState.Sent, link.Epoch, slot->Generation))
                continue;
            byte* message = stackalloc byte[InHeader.Size + 8];
            ulong atClient = ClientLink.UniqueOf(i, slot->Generation);
            *(InHeader*)message = new InHeader { Len = InHeader.Size + 8, Opcode = Opcode.Interrupt, Unique = atClient | 1 };
            *(ulong*)(message + InHeader.Size) = atClient;
            _ = link.Send(message, InHeader.Size + 8, null, 0);
            return;
        }
    }

    private void KeepInit(byte* buffer)
    {
        var header = (InHeader*)buffer;
        uint length = Math.Min(header->Len - InHeader.Size, InitIn.Size);
        Buffer.MemoryCopy(buffer + InHeader.Size, &state.Header->InitIn, InitIn.Size, length);
        state.Header->InitUnique = header->Unique;
        CrashPoint.Pass();
        Volatile.Write(ref state.Header->InitInLength, length);
        InFlight.Empty(buffer);
        InitArrived.Set();
    }

    /// <summary>The last request of an unmounted file system: the client is told, and told apart from a crash.</summary>
    private void Destroy(InHeader* header)
    {
        var link = pending.Link;
        if (link is not null)
        {
            var destroy = new InHeader { Len = InHeader.Size, Opcode = Opcode.Destroy, Unique = 1UL << 62 };
            _ = link.Send((byte*)&destroy, InHeader.Size, null, 0);
        }
        _ = device.Reply(header->Unique, 0);
    }
}
