using Sluice.Linux;
using Sluice.Relay.Fuse;
using Sluice.Relay.Recovery;
using Sluice.Relay.State;

namespace Sluice.Relay.Forwarding;

/// <summary>
/// The last step of every request: its reply goes to the kernel and its slot is given back. A reply that must not be made
/// twice is kept in the slot until the kernel has it, so that an heir can send the same.
/// </summary>
internal sealed unsafe class Answers(FuseDevice device, SessionState state, ReplyTranslation replies, Counters counters)
{
    /// <summary>Answers with what the client said. The slot belongs to the caller, in state Answering.</summary>
    /// <param name="slot">The request.</param>
    /// <param name="message">The reply as the client sent it, header and body checked for length only; translated in place.</param>
    /// <param name="epoch">The client's.</param>
    public void WithReply(Slot* slot, byte* message, uint epoch)
    {
        byte* request = state.Requests.RequestOf(slot);
        var header = (OutHeader*)message;
        bool mutates = Opcodes.Of(((InHeader*)request)->Opcode).Mutates;
        int error = 0;
        if (header->Error == 0)
        {
            if (mutates && header->Len == OutHeader.Size)
            {
                replies.NoteMove(slot);
                Keep(slot, message); // what it does to the tables follows, and is done by an heir if not by us
            }
            error = replies.Take(slot, message, epoch);
            if (error != 0)
                (header->Error, header->Len) = (-error, OutHeader.Size);
        }
        header->Unique = slot->Unique;
        if (mutates)
        {
            bool keptBefore = slot->ReplyLength != 0;
            if (!keptBefore)
                SetApplied(slot); // what is kept from here on is in the kernel's ids
            Keep(slot, message);
            if (keptBefore)
                SetApplied(slot);
        }
        int written = device.Reply(message, (int)header->Len);
        if (written < 0 && header->Error == 0)
            replies.TakeBack(slot, epoch); // its task was killed meanwhile
        else if (written >= 0 && error != 0)
            ToldLost(request);
        state.Requests.Release(slot);
    }

    /// <summary>Answers in the client's place, without a body. The slot belongs to the caller.</summary>
    /// <param name="slot">The request.</param>
    /// <param name="errno">0 or a positive error number.</param>
    public void InPlace(Slot* slot, int errno)
    {
        counters.AnsweredInPlace++;
        _ = device.Reply(slot->Unique, errno);
        state.Requests.Release(slot);
    }

    /// <summary>The same for a slot that stays at its client.</summary>
    public int InPlace(ulong unique, int errno)
    {
        counters.AnsweredInPlace++;
        return device.Reply(unique, errno);
    }

    /// <summary>Answers in the client's place, with a body in the kernel's ids; for a slot that stays at its client, too.</summary>
    public int InPlace(ulong unique, void* body, int length)
    {
        counters.AnsweredInPlace++;
        return device.Reply(unique, body, length);
    }

    /// <summary>A RELEASE or RELEASEDIR that the present client knows nothing of.</summary>
    public void Released(Slot* slot)
    {
        counters.AnsweredInPlace++;
        var reply = new OutHeader { Len = OutHeader.Size };
        InFlight.Set(slot, Slot.WordOf(SlotState.Answering));
        WithReply(slot, (byte*)&reply, epoch: 0);
    }

    /// <summary>
    /// The request of a killed relay that was being answered: the kept reply once more, which the kernel passes over when it
    /// has it. False where none was kept, and the request has to be done again.
    /// </summary>
    public bool Again(Slot* slot)
    {
        if (slot->ReplyLength == 0)
            return false;
        var reply = (OutHeader*)slot->Reply;
        if (slot->Applied == 0)
        {
            reply->Error = -replies.Take(slot, slot->Reply, epoch: 0); // a name or a handle that is gone, data that is lost
            SetApplied(slot);
        }
        reply->Unique = slot->Unique;
        if (device.Reply(slot->Reply, (int)slot->ReplyLength) >= 0 && reply->Error != 0)
            ToldLost(state.Requests.RequestOf(slot));
        state.Requests.Release(slot);
        return true;
    }

    /// <summary>The request of a killed relay that the kernel still waits for and that will be done again: what its reply was to hand out is taken back.</summary>
    public void Undo(Slot* slot) => replies.TakeBack(slot, epoch: 0);

    /// <summary>A loss counts as told once the kernel has it, and not before: told twice is better than never.</summary>
    private void ToldLost(byte* request)
    {
        var header = (InHeader*)request;
        if (header->Opcode is Opcode.Fsync or Opcode.Flush)
            state.Nodes.ToldLost(header->NodeId);
    }

    /// <summary>A client has died with a request, whose slot is the caller's. True: one too many, and it was answered EIO.</summary>
    /// <param name="slot">The request.</param>
    /// <param name="suspicion">What that death tells against it.</param>
    public bool GiveUp(Slot* slot, uint suspicion)
    {
        CrashPoint.Pass();
        slot->Suspicion += suspicion;
        if (slot->Suspicion < Suspicion.Limit)
            return false;
        counters.Poisonous++;
        InPlace(slot, Errno.EIO);
        return true;
    }

    private static void SetApplied(Slot* slot)
    {
        CrashPoint.Pass();
        Volatile.Write(ref slot->Applied, 1);
    }

    private static void Keep(Slot* slot, byte* message)
    {
        uint length = ((OutHeader*)message)->Len;
        if (length > Slot.ReplyCapacity)
            return; // IOCTL's alone, which no successor repeats either
        Buffer.MemoryCopy(message, slot->Reply, Slot.ReplyCapacity, length);
        CrashPoint.Pass();
        Volatile.Write(ref slot->ReplyLength, length);
    }
}
