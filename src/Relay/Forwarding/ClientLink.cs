using System.Diagnostics.CodeAnalysis;
using Sluice.Linux;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.Forwarding;

/// <summary>
/// The relay's end of the socket that one client takes for /dev/fuse. A client is one epoch: the link ends with it and is
/// never used again. Requests of the kernel's and of the relay's own share it; the unique tells them apart, and is even,
/// for odd ones are those of INTERRUPT.
/// </summary>
internal sealed unsafe class ClientLink : IDisposable
{
    /// <summary>What our own requests fail with when the client is gone or silent: no error number, for a client may answer with any.</summary>
    public const int Lost = 4096;

    private const ulong OwnCall = 1UL << 62;
    private const int MaxCalls = 16; // own requests at a time; more callers wait

    private readonly FileDescriptor _socket;
    private readonly int _fd;
    private readonly Call[] _calls = new Call[MaxCalls];
    private readonly SemaphoreSlim _freeCalls = new(MaxCalls);
    private readonly Lock _gate = new();
    private ulong _sequence; // guarded by _gate
    private volatile bool _ended;
    private volatile bool _silent;

    public ClientLink(uint epoch, FileDescriptor socket)
    {
        Epoch = epoch;
        _socket = socket;
        _fd = socket.Number;
        for (int i = 0; i < MaxCalls; i++)
            _calls[i] = new Call();
    }

    public uint Epoch { get; }

    /// <summary>Milliseconds of the boot clock when the client last said anything.</summary>
    public uint LastHeard { get; set; }

    /// <summary>Whether requests were ever sent to it.</summary>
    public bool Served { get; set; }

    public bool Ended => _ended;

    /// <summary>What its client's death tells against the requests that it had; known before the link ends.</summary>
    public uint Suspicion { get; set; }

    /// <summary>The client runs and answers nothing: it is stopped, or hangs. Set by the <see cref="Watch"/>.</summary>
    public bool Silent
    {
        get => _silent;
        set => _silent = value;
    }

    public FileDescriptor Socket => _socket;

    /// <summary>The unique of a slot's request at this client.</summary>
    public static ulong UniqueOf(int index, uint generation) => (((ulong)generation << 16) | (uint)index) << 1;

    /// <summary>The slot that a reply's unique names; false where it names none, or a call of the relay's own.</summary>
    public static bool TrySlot(ulong unique, out int index, out uint generation)
    {
        (index, generation) = ((int)(unique >> 1 & 0xffff), (uint)(unique >> 17));
        return (unique & (OwnCall | 1)) == 0 && unique >> 49 == 0;
    }

    public static bool IsOwnCall(ulong unique) => (unique & OwnCall) != 0;

    /// <summary>Sends one message. Returns 0 or the negative error number: -EAGAIN while the client does not read, anything else for good.</summary>
    public int Send(byte* head, int headLength, byte* rest, int restLength)
    {
        var parts = stackalloc IoVector[2];
        parts[0] = new() { Base = head, Length = (nuint)headLength };
        parts[1] = new() { Base = rest, Length = (nuint)restLength };
        if (!TryHold())
            return -Errno.EPIPE;
        int sent = Transfers.Send(_fd, parts, restLength > 0 ? 2 : 1);
        _socket.DangerousRelease();
        // ENOBUFS: no contiguous memory for it now.
        return sent >= 0 ? 0 : sent == -Errno.ENOBUFS ? -Errno.EAGAIN : sent;
    }

    /// <summary>The next message; 0 or a negative error number once the link has ended, -EAGAIN where none is there and none is waited for.</summary>
    public int Receive(byte* buffer, int capacity, bool wait = true)
    {
        if (!TryHold())
            return 0;
        int received = Transfers.Receive(_fd, buffer, capacity, wait);
        _socket.DangerousRelease();
        return received;
    }

    /// <summary>A request of the relay's own and its reply.</summary>
    /// <param name="request">Header and body with the client's ids; the unique is set here.</param>
    /// <param name="reply">Room for the reply, header first.</param>
    /// <param name="timeout">Milliseconds, or -1.</param>
    /// <param name="patient">Waits for a silent client, too: the caller holds nobody up.</param>
    /// <returns>The reply's length, whose header may hold an error; or -ENOTCONN when the link ended, -ETIMEDOUT after the time or at a silent client.</returns>
    public int Ask(Span<byte> request, Span<byte> reply, int timeout = -1, bool patient = false)
    {
        _freeCalls.Wait();
        Call call;
        int index;
        ulong unique;
        lock (_gate)
        {
            index = Array.FindIndex(_calls, c => c.Unique == 0);
            call = _calls[index];
            unique = OwnCall | (((++_sequence << 4) | (uint)index) << 1);
            call.Done.Reset();
            call.Length = 0;
            call.Asked = (uint)Environment.TickCount64;
            call.Unique = unique;
        }
        try
        {
            fixed (byte* head = request, room = reply)
            {
                call.Reply = room;
                call.Capacity = reply.Length;
                ((InHeader*)head)->Unique = unique;
                ((InHeader*)head)->Len = (uint)request.Length;
                int error;
                while ((error = Send(head, request.Length, null, 0)) == -Errno.EAGAIN && !_ended)
                    Poll.Wait(_socket, PollEvents.Out, 100);
                if (error != 0 || _ended)
                    return -Errno.ENOTCONN;
                bool answered = Await(call, timeout, patient);
                lock (_gate)
                {
                    call.Reply = null; // from here on the reader leaves it alone
                    return call.Length > 0 ? call.Length : answered ? -Errno.ENOTCONN : -Errno.ETIMEDOUT;
                }
            }
        }
        finally
        {
            lock (_gate)
                call.Unique = 0;
            _freeCalls.Release();
        }
    }

    /// <summary>Waits in steps: who waits for a silent client would hold up all that wait behind it.</summary>
    private bool Await(Call call, int timeout, bool patient)
    {
        const int Step = 100;
        for (int waited = 0; timeout < 0 || waited < timeout; waited += Step)
        {
            if (call.Done.Wait(timeout < 0 ? Step : Math.Min(Step, timeout - waited)))
                return true;
            if (_silent && !patient)
                return false;
        }
        return false;
    }

    /// <summary>Hands the reply to one of our own requests to its caller, as EIO where it is longer than any that fits; false where nobody waits for it.</summary>
    public bool Complete(byte* message, int length)
    {
        ulong unique = ((OutHeader*)message)->Unique;
        lock (_gate)
        {
            var call = _calls[(int)(unique >> 1 & (MaxCalls - 1))];
            if (call.Unique != unique || call.Reply == null)
                return false;
            if (length > call.Capacity)
            {
                length = OutHeader.Size;
                *(OutHeader*)message = new OutHeader { Len = OutHeader.Size, Error = -Errno.EIO, Unique = unique };
            }
            Buffer.MemoryCopy(message, call.Reply, call.Capacity, length);
            call.Length = length;
            call.Done.Set();
            return true;
        }
    }

    /// <summary>Milliseconds that the oldest request of the relay's own has waited for its answer at <paramref name="now"/>.</summary>
    public uint LongestWait(uint now)
    {
        uint longest = 0;
        lock (_gate)
        {
            foreach (var call in _calls)
            {
                if (call.Unique != 0)
                    longest = Math.Max(longest, now - call.Asked);
            }
        }
        return longest;
    }

    /// <summary>Ends the link for all who wait on it, whoever else holds the socket: a client's child may.</summary>
    public void End()
    {
        _ended = true;
        SocketMessages.Shutdown(_socket);
        lock (_gate)
        {
            foreach (var call in _calls)
                call.Done.Set();
        }
    }

    /// <summary>
    /// Closes the socket once the last thread has left it: its number may belong to another file a moment later. The events
    /// of calls hold nothing of the kernel's, and stay for whoever waits on one just now.
    /// </summary>
    public void Dispose() => _socket.Dispose();

    private bool TryHold()
    {
        bool held = false;
        try
        {
            _socket.DangerousAddRef(ref held);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        return held;
    }

    [SuppressMessage("Design", "CA1001", Justification = "A ManualResetEventSlim without a WaitHandle holds nothing; a caller may be in it when the link goes.")]
    private sealed class Call
    {
        public readonly ManualResetEventSlim Done = new(false, 0);
        public ulong Unique; // 0: free; guarded by _gate, as all below
        public uint Asked; // milliseconds of the boot clock
        public byte* Reply;
        public int Capacity;
        public int Length;
    }
}
