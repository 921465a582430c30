using Sluice.Linux;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Forwarding;

/// <summary>
/// THE LOOP: kernel -> client on reader threads, client -> kernel on one thread a link. Straight down: read into shared memory,
/// translate the ids, send; receive, check, write. No allocation, no logging, no lock across a system call.
/// </summary>
internal sealed unsafe class RelayLoop(FuseDevice device, SessionState state, PendingRequests pending, Answers answers, RareRequests rare, Notifications notifications, Counters counters)
{
    /// <summary>Reads requests until the kernel has no more: the mount is gone. Returns the error that said so.</summary>
    public int ReadRequests(int reader)
    {
        var landing = state.LandingOf(reader);
        int capacity = state.Geometry.LargeBufferSize;
        while (true)
        {
            if (!state.Requests.Populate(landing))
                return Errno.ENOMEM;
            byte* buffer = state.Requests.BufferOf(landing);
            // A length that is not zero tells an heir that a request was read.
            Volatile.Write(ref *(uint*)buffer, 0);
            int length = device.Read(buffer, capacity);
            if (length < 0)
            {
                if (-length is Errno.EINTR or Errno.EAGAIN or Errno.ENOENT)
                    continue;
                return -length;
            }
            Accept(landing, buffer, length);
        }
    }

    /// <summary>Takes one request that lies in <paramref name="landing"/>, which is free afterwards.</summary>
    public void Accept(Landing* landing, byte* buffer, int length)
    {
        var header = (InHeader*)buffer;
        counters.Requests++;
        var info = Opcodes.Of(header->Opcode);
        if (info.Known && length >= InHeader.Size + info.MinBody)
            pending.Forward(state.Requests.Take(landing, length, (uint)Environment.TickCount64));
        else
            rare.Handle(landing, buffer);
        while (state.Nodes.TryTakeForgotten(pending.Link?.Epoch ?? 0, out var forgotten))
            rare.Forget(forgotten);
    }

    /// <summary>Passes the replies of one client on until its link ends.</summary>
    public void ReadReplies(ClientLink link, byte* buffer, int capacity)
    {
        while (true)
        {
            int length = link.Receive(buffer, capacity);
            if (length is -Errno.EINTR)
                continue;
            if (length <= 0)
                return;
            link.LastHeard = (uint)Environment.TickCount64;
            Pass(link, buffer, length, capacity);
        }
    }

    private void Pass(ClientLink link, byte* message, int length, int capacity)
    {
        var header = (OutHeader*)message;
        if (length < OutHeader.Size || length > capacity || header->Len != length)
        {
            Drop(); // cut by a splice, or no message at all: what it answers is found by the hang timeout
            return;
        }
        if (header->Unique == 0)
        {
            notifications.Accept(link, message, length);
            return;
        }
        if (ClientLink.IsOwnCall(header->Unique))
        {
            if (!link.Complete(message, length))
                Drop();
            return;
        }
        if (!ClientLink.TrySlot(header->Unique, out int index, out uint generation) || index >= state.Requests.Capacity)
        {
            Drop(); // the answer to an INTERRUPT, which needs none, or nonsense
            return;
        }
        var slot = state.Requests[index];
        if (header->Error is > 0 or < -FuseAbi.MaxErrno || (header->Error != 0 && length != OutHeader.Size))
        {
            Drop();
            (header->Error, header->Len) = (-Errno.EIO, OutHeader.Size);
        }
        if (InFlight.TryMove(slot, Slot.WordOf(SlotState.Sent, link.Epoch, generation), Slot.WordOf(SlotState.Answering)))
            answers.WithReply(slot, message, link.Epoch);
        else if (InFlight.TryMove(slot, Slot.WordOf(SlotState.Abandoned, link.Epoch, generation), Slot.WordOf(SlotState.Claimed)))
            rare.Late(slot, message, link);
        else
            Drop();
    }

    private void Drop() => counters.Violations++;
}
