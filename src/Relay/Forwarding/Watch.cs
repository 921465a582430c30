using Sluice.Linux;
using Sluice.Relay.Fuse;
using Sluice.Relay.Mounting;
using Sluice.Relay.Recovery;
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
        bool silent = _silent, suspects = false;
        _pids.Clear();
        for (int i = 0; i < state.Requests.UsedMark; i++)
        {
            var slot = state.Requests[i];
            ulong word = Volatile.Read(ref slot->Word); // of this use: what is read after it may be the next one's, and then nothing comes of it
            var where = (SlotState)(byte)word;
            if (where is not (SlotState.Parked or SlotState.Claimed or SlotState.Sent))
                continue;
            uint age = now - slot->Arrived;
            oldest = Math.Max(oldest, age); // a claimed or parked one may wait for an answer to a request of our own
            if (where == SlotState.Claimed)
                continue;
            suspects |= where == SlotState.Parked && slot->Suspicion >= Suspicion.Alone;
            if (silent && age > FromMemoryAfter)
                AnswerFromMemory(slot, word);
            if (age > KilledAfter)
                _pids.Add(((InHeader*)state.Requests.RequestOf(slot))->Pid);
        }
        if (link is not null)
            oldest = Math.Max(oldest, link.LongestWait(now));
        if (absentSince is { } since && now - since > options.ClientTimeout.TotalMilliseconds)
            pending.FailUntilOpened();
        if (_pids.Count > 0 && now - _lastLookedAtKilled > KilledAfter)
        {
            _lastLookedAtKilled = now;
            LetKilledGo();
        }
        // Silent from now on, if at all: what waits is answered at the next look.
        _silent = absentSince is { } went ? now - went > SilentAfter : link is not null && oldest > SilentAfter && now - link.LastHeard > SilentAfter;
        if (suspects && absentSince is null)
            pending.TakeUpAgain(); // one at a time
        if (link is not null && link.Silent != (link.Silent = _silent && absentSince is null) && !link.Silent)
            pending.TakeUpAgain();
        return link is { LastHeard: not 0 } && options.HangTimeout > TimeSpan.Zero
            && oldest > options.HangTimeout.TotalMilliseconds && now - link.LastHeard > options.HangTimeout.TotalMilliseconds;
    }

    /// <summary>GETATTR of a known node, LOOKUP and OPENDIR of a known directory and STATFS, so that stat and df of the mount never hang.</summary>
    private void AnswerFromMemory(Slot* slot, ulong word)
    {
        byte* request = state.Requests.RequestOf(slot);
        var header = (InHeader*)request;
        switch (header->Opcode)
        {
            // Of a file that is open for writing its size may be older than the last write: the kernel would cut its view of
            // the file by it, and append in the wrong place.
            case Opcode.Getattr when state.Nodes.TryAttr(header->NodeId, out var attr) && !state.Handles.IsBeingWritten(header->NodeId):
                if (TryTake(slot, word))
                {
                    var reply = new AttrOut { Attr = attr, AttrValid = AttrValidSeconds };
                    Answer(slot, word, &reply, AttrOut.Size);
                }
                break;
            case Opcode.Lookup when state.Nodes.IsKnownDirectory((uint)header->NodeId, Translation.NameOf(request, slot->Length)):
                if (TryTake(slot, word))
                    AnswerDirectory(slot, word);
                break;
            case Opcode.Opendir when state.Nodes.IsLive(header->NodeId):
                if (TryTake(slot, word))
                    OpenUnbound(slot, word);
                break;
            case Opcode.Statfs when state.Header->StatfsKnown != 0:
                if (TryTake(slot, word))
                    Answer(slot, word, &state.Header->Statfs, StateHeader.StatfsBytes.Size);
                break;
            default:
                break;
        }
    }

    private void AnswerDirectory(Slot* slot, ulong word)
    {
        byte* request = state.Requests.RequestOf(slot);
        uint node = state.Nodes.LookUpKnownDirectory((uint)((InHeader*)request)->NodeId, Translation.NameOf(request, slot->Length), slot, out ulong generation, out var attr);
        if (node == 0)
        {
            AnswerError(slot, word, Errno.ESTALE); // gone since: the kernel looks once more
            return;
        }
        var reply = new EntryOut { NodeId = node, Generation = generation, Attr = attr, AttrValid = AttrValidSeconds };
        Answer(slot, word, &reply, EntryOut.Size);
    }

    /// <summary>A directory stream that the client opens when it is read: df opens what it asks about, and reads nothing.</summary>
    private void OpenUnbound(Slot* slot, ulong word)
    {
        var header = (InHeader*)state.Requests.RequestOf(slot);
        uint flags = *(uint*)(header + 1);
        uint handle = state.Handles.Open((uint)header->NodeId, directory: true, flags, header, default, epoch: 0, slot);
        if (handle == 0)
        {
            AnswerError(slot, word, Errno.ENOMEM);
            return;
        }
        var reply = new OpenOut { Fh = handle };
        Answer(slot, word, &reply, OpenOut.Size);
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
            ulong word = Volatile.Read(ref slot->Word);
            if ((SlotState)(byte)word is SlotState.Parked or SlotState.Sent && now - slot->Arrived > KilledAfter
                && killed.Contains(((InHeader*)state.Requests.RequestOf(slot))->Pid) && TryTake(slot, word))
                AnswerError(slot, word, Errno.EINTR);
        }
    }

    /// <summary>
    /// Takes a request, to answer it in the client's place. A slot whose request is at the client stays taken until the late
    /// reply has come, which may hand out what has to be handed back.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="word">Its word before the request in it was looked at.</param>
    /// <returns>False where it was taken meanwhile.</returns>
    private static bool TryTake(Slot* slot, ulong word) => InFlight.TryMove(
        slot, word, IsParked(word) ? Slot.WordOf(SlotState.Claimed) : Slot.WordOf(SlotState.Claimed, (uint)(word >> 32), slot->Generation));

    private static bool IsParked(ulong word) => (SlotState)(byte)word == SlotState.Parked;

    private void Answer(Slot* slot, ulong word, void* body, int length)
    {
        if (answers.InPlace(slot->Unique, body, length) != 0)
            answers.Undo(slot); // its task was killed meanwhile
        GiveBack(slot, word);
    }

    private void AnswerError(Slot* slot, ulong word, int errno)
    {
        _ = answers.InPlace(slot->Unique, errno);
        GiveBack(slot, word);
    }

    private void GiveBack(Slot* slot, ulong word)
    {
        if (IsParked(word))
            state.Requests.Release(slot);
        else
            InFlight.Set(slot, Slot.WordOf(SlotState.Abandoned, (uint)(word >> 32), slot->Generation)); // last: the late reply ends it
    }
}
