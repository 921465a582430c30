using Sluice.Linux;
using Sluice.Relay.Fuse;
using Sluice.Relay.Mounting;
using Sluice.Relay.State;

namespace Sluice.Relay.Forwarding;

/// <summary>
/// Looks after requests that wait, ten times a second: what is known is answered from memory, tasks that were killed are let
/// go, and a client that says nothing is found out.
/// </summary>
internal sealed unsafe class Watch(SessionState state, PendingRequests pending, Answers answers, IMountKeeper keeper, RelayOptions options)
{
    public const int TickMilliseconds = 100;
    private const uint SilentAfter = 500; // milliseconds: a healthy client answers something long before
    private const uint FromMemoryAfter = 50; // milliseconds that a request waits at a silent client
    private const ulong AttrValidSeconds = 1; // one stat asks once, and soon enough again
    private const uint KilledAfter = 1000;

    private readonly List<uint> _pids = [];
    private uint _lastLookedAtKilled;
    private bool _silent; // nobody answers: what is known is told from memory

    /// <summary>One look at everything that waits.</summary>
    /// <param name="absentSince">Milliseconds of the boot clock when the client went, or null.</param>
    /// <param name="link">The client that runs, before it serves too; null while there is none.</param>
    /// <returns>Whether the client should be replaced: it has answered nothing, of the kernel's or of ours, for longer than it may.</returns>
    public bool Tick(uint? absentSince, ClientLink? link)
    {
        uint now = (uint)Environment.TickCount64;
        uint oldest = 0;
        bool silent = _silent;
        _pids.Clear();
        for (int i = 0; i < state.Requests.UsedMark; i++)
        {
            var slot = state.Requests[i];
            if (slot->State is not (SlotState.Parked or SlotState.Claimed or SlotState.Sent))
                continue;
            uint age = now - slot->Arrived;
            oldest = Math.Max(oldest, age); // a claimed or parked one may wait for an answer to a request of our own
            if (slot->State == SlotState.Claimed)
                continue;
            if (silent && age > FromMemoryAfter)
                AnswerFromMemory(slot);
            if (age > KilledAfter)
                _pids.Add(((InHeader*)state.Requests.RequestOf(slot))->Pid);
        }
        if (absentSince is { } since && now - since > options.ClientTimeout.TotalMilliseconds)
            pending.FailUntilOpened();
        if (_pids.Count > 0 && now - _lastLookedAtKilled > KilledAfter)
        {
            _lastLookedAtKilled = now;
            LetKilledGo();
        }
        // Silent from now on, if at all: what waits is answered at the next look.
        _silent = absentSince is { } went ? now - went > SilentAfter : link is not null && oldest > SilentAfter && now - link.LastHeard > SilentAfter;
        if (link is not null && link.Silent != (link.Silent = _silent && absentSince is null) && !link.Silent)
            pending.TakeUpAgain();
        return link is { LastHeard: not 0 } && options.HangTimeout > TimeSpan.Zero
            && oldest > options.HangTimeout.TotalMilliseconds && now - link.LastHeard > options.HangTimeout.TotalMilliseconds;
    }

    /// <summary>GETATTR of a known node, LOOKUP and OPENDIR of a known directory and STATFS, so that stat and df of the mount never hang.</summary>
    private void AnswerFromMemory(Slot* slot)
    {
        byte* request = state.Requests.RequestOf(slot);
        var header = (InHeader*)request;
        switch (header->Opcode)
        {
            // Of a file that is open for writing its size may be older than the last write: the kernel would cut its view of
            // the file by it, and append in the wrong place.
            case Opcode.Getattr when state.Nodes.TryAttr(header->NodeId, out var attr) && !state.Handles.IsBeingWritten(header->NodeId):
                var reply = new AttrOut { Attr = attr, AttrValid = AttrValidSeconds };
                _ = TryAnswer(slot, 0, &reply, AttrOut.Size);
                break;
            case Opcode.Lookup:
                AnswerDirectory(slot, request);
                break;
            case Opcode.Opendir when state.Nodes.IsLive(header->NodeId):
                OpenUnbound(slot, header);
                break;
            case Opcode.Statfs:
                _ = TryAnswer(slot, 0, &state.Header->Statfs, StateHeader.StatfsBytes.Size);
                break;
            default:
                break;
        }
    }

    private void AnswerDirectory(Slot* slot, byte* request)
    {
        var header = (InHeader*)request;
        uint node = state.Nodes.LookUpKnownDirectory((uint)header->NodeId, Translation.NameOf(request, slot->Length), out ulong generation, out var attr);
        if (node == 0)
            return;
        var reply = new EntryOut { NodeId = node, Generation = generation, Attr = attr, AttrValid = AttrValidSeconds };
        if (!TryAnswer(slot, 0, &reply, EntryOut.Size))
            state.Nodes.Forget(node, 1, 0, null); // answered meanwhile, or nobody waits any more
    }

    /// <summary>A directory stream that the client opens when it is read: df opens what it asks about, and reads nothing.</summary>
    private void OpenUnbound(Slot* slot, InHeader* header)
    {
        uint flags = *(uint*)((byte*)header + InHeader.Size);
        uint handle = state.Handles.Open((uint)header->NodeId, directory: true, flags, header, default, epoch: 0);
        if (handle == 0)
            return;
        var reply = new OpenOut { Fh = handle };
        if (!TryAnswer(slot, 0, &reply, OpenOut.Size))
            state.Handles.Close(handle);
    }

    /// <summary>Requests of tasks with a SIGKILL pending: nothing else frees them. Other signals must not surface in applications.</summary>
    private void LetKilledGo()
    {
        var killed = keeper.Killed([.. _pids.Where(pid => pid != 0).Distinct()]);
        if (killed.Count == 0)
            return;
        uint now = (uint)Environment.TickCount64;
        for (int i = 0; i < state.Requests.UsedMark; i++)
        {
            var slot = state.Requests[i];
            if (slot->State is SlotState.Parked or SlotState.Sent && now - slot->Arrived > KilledAfter
                && killed.Contains(((InHeader*)state.Requests.RequestOf(slot))->Pid))
                _ = TryAnswer(slot, Errno.EINTR, null, 0);
        }
    }

    /// <summary>
    /// Answers in the client's place. A slot whose request is at the client stays taken until the late reply has come, which
    /// may hand out what has to be handed back.
    /// </summary>
    /// <returns>False where the request was answered meanwhile, or the kernel no longer waits.</returns>
    private bool TryAnswer(Slot* slot, int errno, void* body, int length)
    {
        ulong word = Volatile.Read(ref slot->Word);
        ulong unique = slot->Unique;
        uint generation = slot->Generation;
        bool parked = word == Slot.WordOf(SlotState.Parked);
        if (!parked && (SlotState)(byte)word != SlotState.Sent)
            return false;
        ulong next = parked ? Slot.WordOf(SlotState.Claimed) : Slot.WordOf(SlotState.Abandoned, (uint)(word >> 32), generation);
        if (!InFlight.TryMove(slot, word, next))
            return false;
        int error = length > 0 ? answers.InPlace(parked ? slot->Unique : unique, body, length) : answers.InPlace(parked ? slot->Unique : unique, errno);
        if (parked)
            state.Requests.Release(slot);
        return error == 0;
    }
}
