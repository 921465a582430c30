using Sluice.Linux;
using Sluice.Relay.Fuse;
using Sluice.Relay.Recovery;
using Sluice.Relay.State;

namespace Sluice.Relay.Forwarding;

/// <summary>
/// Requests that cannot go straight on: there is no client, it does not know a node or handle of theirs yet, or its socket is
/// full. They wait here as Parked slots; workers take them up, resolve what they name and send them.
/// </summary>
internal sealed unsafe class PendingRequests : IDisposable
{
    private const int Workers = 2; // arbitrary: one that waits for a slow lookup does not hold up all others

    private readonly SessionState _state;
    private readonly Answers _answers;
    private readonly Resolver _resolver;
    private readonly OwnSyncs _syncs;
    private readonly Queue<int> _queue; // guarded by itself
    private (int Index, uint Generation)? _suspect; // the last one that went; guarded by _queue
    private readonly Thread[] _threads = new Thread[Workers];
    private volatile ClientLink? _link;
    private volatile bool _failing;
    private volatile bool _ended;

    public PendingRequests(SessionState state, Answers answers, Resolver resolver, OwnSyncs syncs)
    {
        _state = state;
        _answers = answers;
        _resolver = resolver;
        _syncs = syncs;
        _queue = new(state.Requests.Capacity);
    }

    /// <summary>The client that requests go to; null while there is none.</summary>
    public ClientLink? Link => _link;

    public void Start()
    {
        for (int i = 0; i < Workers; i++)
        {
            _threads[i] = new Thread(Work, 256 << 10) { IsBackground = true, Name = $"pending {i}" };
            _threads[i].Start();
        }
    }

    /// <summary>From now on requests go to <paramref name="link"/>; those that wait are taken up, in their order.</summary>
    public void Open(ClientLink link)
    {
        _failing = false;
        _link = link;
        TakeUpAgain();
    }

    /// <summary>From now on requests wait.</summary>
    public void Close() => _link = null;

    /// <summary>A silent client has said something: what waits is taken up.</summary>
    public void TakeUpAgain()
    {
        foreach (int index in Parked())
            Enqueue(index);
    }

    /// <summary>Requests that wait fail with EIO, and new ones at once, until there is a client again.</summary>
    public void FailUntilOpened()
    {
        _failing = true;
        TakeUpAgain();
    }

    /// <summary>The slots that wait, in the order of their arrival.</summary>
    public List<int> Parked()
    {
        var parked = new List<int>();
        for (int i = 0; i < _state.Requests.UsedMark; i++)
        {
            if (_state.Requests[i]->State == SlotState.Parked)
                parked.Add(i);
        }
        parked.Sort((a, b) => _state.Requests[a]->Sequence.CompareTo(_state.Requests[b]->Sequence));
        return parked;
    }

    /// <summary>Lets a request wait for a client, or for a worker where there is one. The slot is the caller's, and no longer after this.</summary>
    public void Park(Slot* slot)
    {
        int index = _state.Requests.IndexOf(slot);
        bool needsNoClient = NeedsNoClient(slot);
        InFlight.Set(slot, slot->ParkedWord);
        // Asked after the write: a link that opened in between has looked for parked slots before or finds this one.
        if (_link is not null || _failing || needsNoClient)
            Enqueue(index);
    }

    /// <summary>Sends a request whose slot is the caller's, or parks it.</summary>
    public void Forward(Slot* slot)
    {
        byte* head = stackalloc byte[Translation.HeadCapacity];
        byte* request = _state.Requests.RequestOf(slot);
        var link = _link;
        if (link is null || _syncs.Precedes(request)
            || Translation.TryTranslate(_state, request, slot->Length, link.Epoch, ClientLink.UniqueOf(_state.Requests.IndexOf(slot), slot->Generation), head, out int headLength) != Translated.Ready)
        {
            Park(slot);
            return;
        }
        // Before it is sent: the reply may come before this thread runs on.
        ulong sent = Slot.WordOf(SlotState.Sent, link.Epoch, slot->Generation);
        InFlight.Set(slot, sent);
        int error = _syncs.MaySend(slot) ? link.Send(head, headLength, request + headLength, (int)slot->Length - headLength) : -Errno.EAGAIN;
        if (error != 0 && InFlight.TryMove(slot, sent, Slot.WordOf(SlotState.Claimed)))
            Park(slot);
    }

    public void Dispose()
    {
        _ended = true;
        lock (_queue)
            Monitor.PulseAll(_queue);
        foreach (var thread in _threads)
            thread?.Join(TimeSpan.FromSeconds(1));
    }

    private void Enqueue(int index)
    {
        lock (_queue)
        {
            _queue.Enqueue(index);
            Monitor.Pulse(_queue);
        }
    }

    private void Work()
    {
        while (true)
        {
            int index;
            lock (_queue)
            {
                while (!_queue.TryDequeue(out index))
                {
                    if (_ended)
                        return;
                    Monitor.Wait(_queue);
                }
            }
            var slot = _state.Requests[index];
            if (InFlight.TryClaim(slot))
                TakeUp(slot);
        }
    }

    private void TakeUp(Slot* slot)
    {
        byte* request = _state.Requests.RequestOf(slot);
        var link = _link;
        if (link is null)
        {
            if (NeedsNoClient(slot))
                AnswerAlone(slot, request);
            else if (_failing)
                _answers.InPlace(slot, Errno.EIO);
            else
                Park(slot);
            return;
        }
        if ((link.Silent || link.Ended) && !NeedsNoClient(slot))
        {
            WaitForWord(slot, link);
            return;
        }
        if (slot->Suspicion >= Suspicion.Alone && !MayGo(slot))
        {
            InFlight.Set(slot, slot->ParkedWord); // until the other is answered: the Watch looks
            return;
        }
        switch (_resolver.Resolve(slot, link))
        {
            case Resolution.Send when _syncs.Make(request, link):
                SendWaiting(slot, link);
                break;
            case Resolution.Ended when link.Ended && _answers.GiveUp(slot, link.Suspicion):
                break;
            case Resolution.Send or Resolution.Ended when link.Silent || link.Ended:
                WaitForWord(slot, link);
                break;
            case Resolution.Send or Resolution.Ended:
                Park(slot);
                break;
            default: // answered
                break;
        }
    }

    /// <summary>Whether no other request that clients may have died over is on its way.</summary>
    private bool MayGo(Slot* slot)
    {
        lock (_queue)
        {
            if (_suspect is { } other && other.Index != _state.Requests.IndexOf(slot))
            {
                var before = _state.Requests[other.Index];
                if (before->Generation == other.Generation && before->State is not (SlotState.Free or SlotState.Parked))
                    return false;
            }
            _suspect = (_state.Requests.IndexOf(slot), slot->Generation);
            return true;
        }
    }

    /// <summary>Lets a request wait until a silent client says something, or the next one is there. Meanwhile its task can be let go.</summary>
    private void WaitForWord(Slot* slot, ClientLink link)
    {
        InFlight.Set(slot, slot->ParkedWord);
        if (!(link.Silent || link.Ended) || _link != link)
            Enqueue(_state.Requests.IndexOf(slot));
    }

    /// <summary>Sends to a client whose socket may be full, waiting for room.</summary>
    private void SendWaiting(Slot* slot, ClientLink link)
    {
        byte* head = stackalloc byte[Translation.HeadCapacity];
        byte* request = _state.Requests.RequestOf(slot);
        ulong sent = Slot.WordOf(SlotState.Sent, link.Epoch, slot->Generation);
        while (true)
        {
            if (Translation.TryTranslate(_state, request, slot->Length, link.Epoch, ClientLink.UniqueOf(_state.Requests.IndexOf(slot), slot->Generation), head, out int headLength) != Translated.Ready)
            {
                Park(slot); // closed or forgotten meanwhile: resolve again
                return;
            }
            InFlight.Set(slot, sent);
            if (!_syncs.MaySend(slot))
            {
                if (InFlight.TryMove(slot, sent, Slot.WordOf(SlotState.Claimed)))
                    Park(slot);
                return;
            }
            int error = link.Send(head, headLength, request + headLength, (int)slot->Length - headLength);
            if (error == 0 || !InFlight.TryMove(slot, sent, Slot.WordOf(SlotState.Claimed)))
                return;
            if (error != -Errno.EAGAIN || link.Ended)
            {
                InFlight.Set(slot, slot->ParkedWord); // until the next client
                if (_link != link)
                    Enqueue(_state.Requests.IndexOf(slot));
                return;
            }
            Poll.Wait(link.Socket, PollEvents.Out, 100);
        }
    }

    /// <summary>
    /// RELEASE of what the client held, and FLUSH of what has nothing to write: a task that starts a program closes files in
    /// exec, unkillably. A RELEASE of written data waits for the replay: after it the kernel may forget the file.
    /// </summary>
    private bool NeedsNoClient(Slot* slot)
    {
        var header = (InHeader*)_state.Requests.RequestOf(slot);
        return Opcodes.Of(header->Opcode).AfterCrash == AfterCrash.Local ? !_state.Journal.Has(header->NodeId) : _state.IsEmptyFlush(slot);
    }

    private void AnswerAlone(Slot* slot, byte* request)
    {
        if (((InHeader*)request)->Opcode == Opcode.Flush)
            _answers.InPlace(slot, 0);
        else
            _answers.Released(slot);
    }
}
