using System.Diagnostics;
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
    /// <summary>Ticks of the stopwatch after the last message: 50 us, measured as enough for a client's answer from memory.</summary>
    private static readonly long Spin = Stopwatch.Frequency / 20_000;

    /// <summary>Reads requests until the kernel has no more: the mount is gone. Returns the error that said so.</summary>
    public int ReadRequests(int reader)
    {
        var landing = state.LandingOf(reader);
        int capacity = state.Geometry.LargeBufferSize;
        while (true)
        {
            if (!state.Requests.Prepare(landing))
                return Errno.ENOMEM;
            byte* buffer = state.Requests.BufferOf(landing);
            // A length that is not zero tells an heir that a request was read.
            Volatile.Write(ref *(uint*)buffer, 0);
            int length = device.Read(buffer, capacity);
            if (length > 0)
                Accept(landing, buffer, length);
            else if (-length is not (Errno.EINTR or Errno.EAGAIN or Errno.ENOENT))
                return -length;
        }
    }

    /// <summary>
    /// Carries both directions on this one thread until the mount is gone, and looks again for <see cref="Spin"/> after the
    /// last message before it sleeps: of the four wake-ups that a request costs behind a relay, the relay's own two are saved
    /// while traffic lasts. Needs a non-blocking device. Returns the error that said that the mount is gone.
    /// </summary>
    /// <param name="lane">Tells which client there is.</param>
    /// <param name="replies">Room for a reply.</param>
    /// <param name="capacity">Bytes of it.</param>
    public int CarryBoth(InlineLane lane, byte* replies, int capacity)
    {
        var landing = state.LandingOf(0);
        Span<PollEntry> entries = stackalloc PollEntry[3];
        long lastMessage = 0;
        while (true)
        {
            bool moved = false;
            var link = lane.Acknowledge();
            if (state.Requests.HasRoomFor(landing) && state.Requests.Prepare(landing))
            {
                byte* buffer = state.Requests.BufferOf(landing);
                Volatile.Write(ref *(uint*)buffer, 0);
                int length = device.Read(buffer, state.Geometry.LargeBufferSize);
                if (length > 0)
                {
                    Accept(landing, buffer, length);
                    moved = true;
                }
                else if (-length is not (Errno.EINTR or Errno.EAGAIN or Errno.ENOENT))
                {
                    return -length;
                }
            }
            int reply = link is null ? -Errno.EAGAIN : link.Receive(replies, capacity, wait: false);
            if (reply > 0)
            {
                link!.LastHeard = (uint)Environment.TickCount64;
                Pass(link, replies, reply, capacity);
                moved = true;
            }
            long now = Stopwatch.GetTimestamp();
            if (moved)
                lastMessage = now;
            else if (!lane.MaySpin || now - lastMessage > Spin)
                Sleep(lane, link, reply, entries);
        }
    }

    private void Sleep(InlineLane lane, ClientLink? link, int reply, Span<PollEntry> entries)
    {
        bool listens = link is not null && reply is not 0;
        bool hasRoom = state.Requests.HasRoomFor(state.LandingOf(0));
        entries[0] = new(device.Descriptor.Number, hasRoom ? PollEvents.In : PollEvents.None);
        entries[1] = new(lane.Changed.Number, PollEvents.In);
        entries[2] = new(listens ? link!.Socket.Number : -1, PollEvents.In);
        // The limit: a slot may come free on another thread, and a spin may be allowed again.
        Poll.Wait(entries, hasRoom ? 1000 : 1);
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
        rare.SendForgets();
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
        if (length < OutHeader.Size || header->Len != length)
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
        if (header->Error is > 0 or < -FuseAbi.MaxErrno || (header->Error != 0 && length != OutHeader.Size) || length > capacity)
        {
            Drop();
            (header->Error, header->Len) = (-Errno.EIO, OutHeader.Size);
        }
        if (InFlight.TryMove(slot, Slot.WordOf(SlotState.Sent, link.Epoch, generation), Slot.WordOf(SlotState.Answering)))
            answers.WithReply(slot, message, link.Epoch);
        else if (InFlight.TryTakeAbandoned(slot, link.Epoch, generation))
            rare.Late(slot, message, link);
        else
            Drop();
    }

    private void Drop() => counters.Violations++;
}
