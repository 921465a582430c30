using Sluice.Relay.Client;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Recovery;

/// <summary>
/// The first thing that a relay does on the state of a killed one, before any thread runs: every request that the kernel
/// waits for lies in a slot afterwards, once, and waits for a client; every other slot is free.
/// </summary>
internal sealed unsafe class Adoption(FuseDevice device, SessionState state, RareRequests rare, Answers answers)
{
    /// <summary>How often clients may die over one request before it is answered EIO.</summary>
    public const uint MaxCrashes = 3;

    /// <summary>Takes over.</summary>
    /// <returns>How many requests wait now.</returns>
    public int Run()
    {
        EndClient();
        TakeLandings();
        bool[]? seen = TakeResent();
        int waiting = 0;
        for (int i = 0; i < state.Requests.UsedMark; i++)
        {
            var slot = state.Requests[i];
            if (slot->State == SlotState.Free)
                continue;
            bool wanted = seen is null || seen[i];
            if (slot->State == SlotState.Abandoned || (!wanted && slot->ReplyLength == 0))
                state.Requests.Release(slot); // the kernel was answered
            else if (slot->State == SlotState.Answering && answers.Again(slot))
                continue;
            else if (!wanted)
                state.Requests.Release(slot);
            else
                waiting += Park(slot);
        }
        return waiting;
    }

    /// <summary>A request that was at a client when it died, or on its way: it waits for the next one.</summary>
    public static int Park(Slot* slot)
    {
        if (slot->State is SlotState.Sent or SlotState.Answering)
        {
            slot->WasSent = 1;
            slot->Crashes++;
        }
        Volatile.Write(ref slot->Word, Slot.WordOf(SlotState.Parked));
        return 1;
    }

    /// <summary>In a container the client ended with its relay; elsewhere it may have outlived it.</summary>
    private void EndClient()
    {
        ClientProcess.EndLeftover(state.Header->ClientPid, state.Header->ClientStarted);
        state.Header->ClientPid = 0;
    }

    /// <summary>What was read and had no slot yet.</summary>
    private void TakeLandings()
    {
        for (int reader = 0; reader < Landing.MaxReaders; reader++)
        {
            var landing = state.LandingOf(reader);
            byte* buffer = state.Requests.BufferOf(landing);
            var header = (InHeader*)buffer;
            if (header->Len >= InHeader.Size && header->Len <= state.Geometry.LargeBufferSize)
                Take(landing, buffer);
            Volatile.Write(ref *(uint*)state.Requests.BufferOf(landing), 0);
            landing->ResetForgets();
        }
    }

    /// <summary>
    /// Has the kernel send again what it has no answer to (Linux 6.9): that finds what a kill in the middle of read(2) left,
    /// and tells which slots were answered already. Null where the kernel cannot.
    /// </summary>
    private bool[]? TakeResent()
    {
        if ((state.Header->InitIn.Flags2 & (uint)((ulong)InitFlags.HasResend >> 32)) == 0 || device.Resend() != 0)
            return null;
        var seen = new bool[state.Requests.Capacity];
        var landing = state.LandingOf(0);
        while (device.HasRequest())
        {
            if (state.Requests.InUse == state.Requests.Capacity || !state.Requests.Prepare(landing))
                return null; // the rest waits in the kernel: nobody can tell what it would have been
            byte* buffer = state.Requests.BufferOf(landing);
            *(uint*)buffer = 0;
            if (device.Read(buffer, state.Geometry.LargeBufferSize) < 0)
                continue; // its task was killed
            var slot = Take(landing, buffer);
            if (slot != null)
                seen[state.Requests.IndexOf(slot)] = true;
        }
        return seen;
    }

    /// <summary>The slot of a request that was read, new or known by its unique; null for what has no reply.</summary>
    private Slot* Take(Landing* landing, byte* buffer)
    {
        var header = (InHeader*)buffer;
        var info = Opcodes.Of(header->Opcode);
        if (!info.Known || header->Len < InHeader.Size + info.MinBody)
        {
            if (header->Opcode is not Opcode.Interrupt)
                rare.Handle(landing, buffer);
            return null;
        }
        for (int i = 0; i < state.Requests.UsedMark; i++)
        {
            var known = state.Requests[i];
            if (known->State == SlotState.Free || ((known->Unique ^ header->Unique) & ~FuseAbi.ResentUnique) != 0)
                continue;
            known->Unique = header->Unique; // a re-sent request is answered with its bit
            Volatile.Write(ref *(uint*)buffer, 0);
            return known;
        }
        var slot = state.Requests.Take(landing, (int)header->Len, (uint)Environment.TickCount64);
        Volatile.Write(ref slot->Word, Slot.WordOf(SlotState.Parked));
        return slot;
    }
}
