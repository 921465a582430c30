using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Forwarding;

/// <summary>
/// What a client tells the kernel unasked: caches to drop, names that are gone. Each takes locks of inodes that a request in
/// flight may hold, so they go out on a thread of their own and never on that of the replies.
/// </summary>
internal sealed unsafe class Notifications : IDisposable
{
    private const int MaxQueued = 256; // arbitrary: a client that floods loses notifications, which are hints
    private const int MaxLength = OutHeader.Size + 24 + FuseAbi.NameMax + 1;

    private readonly FuseDevice _device;
    private readonly SessionState _state;
    private readonly Counters _counters;
    private readonly Queue<byte[]> _queue = new(); // guarded by itself
    private bool _ended; // guarded by _queue

    public Notifications(FuseDevice device, SessionState state, Counters counters)
    {
        _device = device;
        _state = state;
        _counters = counters;
    }

    public void Start() => new Thread(Work, 256 << 10) { IsBackground = true, Name = "notifications" }.Start();

    /// <summary>Queues a notification for every node of ours that it is about. What is not understood is dropped.</summary>
    public void Accept(ClientLink link, byte* message, int length)
    {
        byte* body = message + OutHeader.Size;
        int bodyLength = length - OutHeader.Size;
        bool taken = length <= MaxLength && (NotifyCode)((OutHeader*)message)->Error switch
        {
            NotifyCode.Poll => bodyLength == 8 && Enqueue(message, length),
            NotifyCode.InvalInode => bodyLength == 24 && ForEachNode(link, message, length, 0),
            NotifyCode.InvalEntry => NameFits(body, bodyLength, 8, 16) && ForEachNode(link, message, length, 0),
            NotifyCode.Delete => NameFits(body, bodyLength, 16, 24) && ForEachNode(link, message, length, 8),
            _ => false,
        };
        if (!taken)
            _counters.NotificationsDropped++;
    }

    /// <summary>
    /// Has the kernel ask again for the attributes of every file: a stat of a closed session fails then, instead of being
    /// answered from the kernel's cache. Only attributes: dropping pages would wait for requests in flight.
    /// </summary>
    public void ForgetAttributes()
    {
        byte* message = stackalloc byte[OutHeader.Size + 24]; // fuse_notify_inval_inode_out: node, offset, length
        *(OutHeader*)message = new OutHeader { Len = OutHeader.Size + 24, Error = (int)NotifyCode.InvalInode };
        *(long*)(message + OutHeader.Size + 8) = -1; // a negative offset: attributes alone
        *(long*)(message + OutHeader.Size + 16) = 0;
        foreach (uint node in _state.Nodes.Held())
        {
            *(ulong*)(message + OutHeader.Size) = node;
            _ = _device.Reply(message, OutHeader.Size + 24);
        }
    }

    /// <summary>Wakes every task that sleeps in poll(2): it asks again, and the client that there is now knows of it then.</summary>
    public void WakePolled()
    {
        byte* message = stackalloc byte[OutHeader.Size + 8]; // fuse_notify_poll_wakeup_out: kh
        *(OutHeader*)message = new OutHeader { Len = OutHeader.Size + 8, Error = (int)NotifyCode.Poll };
        foreach (uint handle in _state.Handles.Live())
        {
            if (_state.Handles[handle]->Polled is not 0 and var kh)
            {
                *(ulong*)(message + OutHeader.Size) = kh;
                _state.Handles.SetPolled(handle, 0); // before the task has asked again
                _ = _device.Reply(message, OutHeader.Size + 8);
            }
        }
    }

    public void Dispose()
    {
        lock (_queue)
        {
            _ended = true;
            Monitor.PulseAll(_queue);
        }
    }

    /// <summary>Whether the body is a head of <paramref name="head"/> bytes and a name of the length at <paramref name="lengthAt"/>, NUL-terminated.</summary>
    private static bool NameFits(byte* body, int length, int lengthAt, int head) =>
        length > head && *(uint*)(body + lengthAt) is > 0 and <= FuseAbi.NameMax and var name && length == head + (int)name + 1
        && new ReadOnlySpan<byte>(body + head, (int)name).IndexOfAny((byte)'/', (byte)0) < 0;

    /// <summary>One copy for each node that the client's parent id stands for; <paramref name="childAt"/> is DELETE's second id, or 0.</summary>
    private bool ForEachNode(ClientLink link, byte* message, int length, int childAt)
    {
        Span<uint> nodes = stackalloc uint[8];
        Span<uint> children = stackalloc uint[8];
        ulong* parent = (ulong*)(message + OutHeader.Size);
        int count = _state.Nodes.NodesOf(new(*parent), link.Epoch, nodes);
        if (childAt > 0)
        {
            ulong* child = (ulong*)(message + OutHeader.Size + childAt);
            if (_state.Nodes.NodesOf(new(*child), link.Epoch, children) == 0)
                return false;
            *child = children[0];
        }
        bool taken = false;
        for (int i = 0; i < count; i++)
        {
            *parent = nodes[i];
            taken |= Enqueue(message, length);
        }
        return taken;
    }

    private bool Enqueue(byte* message, int length)
    {
        lock (_queue)
        {
            if (_queue.Count >= MaxQueued)
                return false;
            _queue.Enqueue(new ReadOnlySpan<byte>(message, length).ToArray());
            Monitor.Pulse(_queue);
            return true;
        }
    }

    private void Work()
    {
        while (true)
        {
            byte[]? next;
            lock (_queue)
            {
                while (!_queue.TryDequeue(out next))
                {
                    if (_ended)
                        return;
                    Monitor.Wait(_queue);
                }
            }
            fixed (byte* message = next)
                _ = _device.Reply(message, next.Length); // ENOENT: the kernel has no such inode
        }
    }
}
