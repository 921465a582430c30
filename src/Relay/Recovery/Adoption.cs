using Sluice.Relay.Client;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Recovery;

/// <summary>
/// The first thing that a relay does on the state of a killed one, before any thread runs: every request that the kernel
/// waits for lies in a slot afterwards, once, and waits for a client; every other slot is free. Which ones it waits for the
/// kernel says. A reply that it has got stands, with what it handed out; of one that it has not, nothing is left but a kept
/// reply that goes to it again.
/// </summary>
internal sealed unsafe class Adoption(FuseDevice device, SessionState state, RareRequests rare, Answers answers)
{
    /// <summary>Takes over.</summary>
    /// <returns>How many requests wait now.</returns>
    public int Run()
    {
        EndClient();
        TakeLandings();
        bool complete = TryTakeResent(out var resent);
        int waiting = 0;
        for (int i = 0; i < state.Requests.UsedMark; i++)
        {
            var slot = state.Requests[i];
            if (slot->State == SlotState.Free || (slot->State == SlotState.Answering && answers.Again(slot)))
                continue;
            bool waitedFor = resent is null ? device.IsWaitedFor(slot->Unique) : resent[i];
            if (!waitedFor && complete)
            {
                state.Requests.Release(slot); // the kernel was answered
                continue;
            }
            if (waitedFor)
                answers.Undo(slot); // it was not
            Park(slot);
            waiting++;
        }
        return waiting;
    }

    /// <summary>A request that was at a client when it died, or on its way: it waits for the next one.</summary>
    private static void Park(Slot* slot)
    {
        if (slot->IsAtClient || slot->State == SlotState.Answering)
        {
            CrashPoint.Pass();
            slot->WasSent = 1;
            slot->Suspicion += Suspicion.Killed;
        }
        InFlight.Set(slot, slot->ParkedWord);
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
            InFlight.Empty(state.Requests.BufferOf(landing));
            landing->ResetForgets();
        }
    }

    /// <summary>
    /// Has the kernel send again what it has no answer to (Linux 6.9): that finds what a kill in the middle of read(2) left,
    /// and tells which slots were answered already.
    /// </summary>
    /// <param name="seen">The slots that the kernel sent again; null where it cannot.</param>
    /// <returns>False where there was no room for all: nobody can tell what waits in the kernel.</returns>
    private bool TryTakeResent(out bool[]? seen)
    {
        seen = null;
        if ((state.Header->InitIn.Flags2 & (uint)((ulong)InitFlags.HasResend >> 32)) == 0 || device.Resend() != 0)
            return true;
        seen = new bool[state.Requests.Capacity];
        var landing = state.LandingOf(0);
        while (device.HasRequest())
        {
            if (state.Requests.InUse == state.Requests.Capacity || !state.Requests.Prepare(landing))
                return false;
            byte* buffer = state.Requests.BufferOf(landing);
            InFlight.Empty(buffer);
            if (device.Read(buffer, state.Geometry.LargeBufferSize) < 0)
                continue; // its task was killed
            var slot = Take(landing, buffer);
            if (slot != null)
                seen[state.Requests.IndexOf(slot)] = true;
        }
        return true;
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
            CrashPoint.Pass();
            known->Unique = header->Unique; // a re-sent request is answered with its bit
            InFlight.Empty(buffer);
            return known;
        }
        var slot = state.Requests.Take(landing, (int)header->Len, (uint)Environment.TickCount64);
        InFlight.Set(slot, slot->ParkedWord);
        return slot;
    }
}
