using System.Collections.Concurrent;
using Sluice.Linux;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.Tests.Scripted;

/// <summary>
/// Stands for the kernel behind what the relay takes for /dev/fuse: sends requests, keeps the first reply to each, says ENOENT
/// to a second one and to what it does not wait for, as the kernel does, and refuses what the kernel would refuse.
/// </summary>
internal sealed unsafe class ScriptedKernel : IDisposable
{
    private readonly Lock _gate = new(); // held while one reply is taken
    private readonly ConcurrentDictionary<ulong, (Opcode Opcode, TaskCompletionSource<Reply> Reply, byte[] Message)> _requests = [];
    private readonly ConcurrentQueue<(NotifyCode Code, byte[] Body)> _notifications = [];
    private readonly ConcurrentQueue<string> _refused = [];
    private readonly HashSet<ulong> _unread = []; // by the relay before; guarded by _gate
    private FileDescriptor _socket;
    private ulong _unique;

    public ScriptedKernel() => Device = Connect();

    /// <summary>The relay's end.</summary>
    public FuseDevice Device { get; private set; }

    /// <summary>Replies that a kernel would have answered with EINVAL or turned into EIO.</summary>
    public IReadOnlyCollection<string> Refused => _refused;

    /// <summary>Replies to what was answered before.</summary>
    public int Doubled { get; private set; }

    public ConcurrentQueue<(NotifyCode Code, byte[] Body)> Notifications => _notifications;

    /// <summary>Another relay gets the device; what the first one had read and not answered it must find in its state. Nothing of the first is taken any more.</summary>
    /// <param name="first">Done before, while nothing comes from the kernel or gets to it.</param>
    public void Reconnect(Action? first = null)
    {
        lock (_gate)
        {
            first?.Invoke();
            var (oldSocket, oldDevice) = (_socket, Device);
            Device = Connect();
            SocketMessages.Shutdown(oldSocket);
            byte[] buffer = new byte[Capacity];
            fixed (byte* start = buffer)
            {
                int length;
                while ((length = Transfers.Receive(oldDevice.Descriptor.Number, start, Capacity, wait: false)) > 0)
                {
                    _unread.Add(buffer.U64(8));
                    SocketMessages.Send(_socket, buffer.AsSpan(0, length));
                }
            }
        }
    }

    /// <summary>The task of a request was killed: nobody waits for the answer.</summary>
    public void Abort(ulong unique)
    {
        lock (_gate)
            _requests.TryRemove(unique, out _);
    }

    /// <summary>Sends a request and does not wait. Returns its unique.</summary>
    public ulong Send(Opcode opcode, ulong node, byte[] body, uint pid = 1000, uint uid = 1, bool twice = false)
    {
        ulong unique = Interlocked.Add(ref _unique, 2);
        byte[] message = Bytes.Of((uint)(InHeader.Size + body.Length), (uint)opcode, unique, node, uid, 2u, pid, 0u, body);
        if (opcode is not (Opcode.Forget or Opcode.BatchForget or Opcode.Interrupt))
            _requests[unique] = (opcode, new(TaskCreationOptions.RunContinuationsAsynchronously), message);
        lock (_gate)
        {
            for (int i = 0; i < (twice ? 2 : 1); i++)
                SocketMessages.Send(_socket, message);
        }
        return unique;
    }

    /// <summary>What was read and not answered goes out once more: with bit 63, and in no order of arrival.</summary>
    private void Resend()
    {
        foreach (var (unique, (opcode, reply, message)) in _requests.OrderByDescending(pair => pair.Key).ToArray())
        {
            if (reply.Task.IsCompleted || _unread.Contains(unique))
                continue;
            byte[] again = [.. message[..8], .. Bytes.Of(unique | FuseAbi.ResentUnique), .. message[16..]];
            _requests.TryRemove(unique, out _);
            _requests[unique | FuseAbi.ResentUnique] = (opcode, reply, again);
            SocketMessages.Send(_socket, again);
        }
        _unread.Clear();
    }

    /// <summary>The reply to a request; fails after <paramref name="milliseconds"/>.</summary>
    public Reply Wait(ulong unique, int milliseconds = 5_000) =>
        TryWait(unique, milliseconds) ?? throw new TimeoutException($"no reply to request {unique} ({_requests[unique].Opcode})");

    public Reply? TryWait(ulong unique, int milliseconds)
    {
        var task = (_requests.TryGetValue(unique, out var request) ? request : _requests[unique | FuseAbi.ResentUnique]).Reply.Task;
        return task.Wait(milliseconds) ? task.Result : null;
    }

    public Reply Ask(Opcode opcode, ulong node, byte[] body, uint pid = 1000, uint uid = 1) => Wait(Send(opcode, node, body, pid, uid));

    /// <summary>Requests without a reply.</summary>
    public int Unanswered => _requests.Values.Count(request => !request.Reply.Task.IsCompleted);

    public void Forget(ulong node, ulong count) => Send(Opcode.Forget, node, Bytes.Of(count));

    public ulong Init(InitFlags flags = (InitFlags)ulong.MaxValue & ~InitFlags.HasResend, uint minor = 45) =>
        Send(Opcode.Init, 0, Bytes.Of(7u, minor, 1u << 20, (uint)flags, (uint)((ulong)flags >> 32), new byte[44]));

    public void Dispose()
    {
        SocketMessages.Shutdown(_socket);
        Assert.Empty(_refused);
    }

    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_socket))]
    private RelayEnd Connect()
    {
        var (ours, theirs) = SocketMessages.CreatePair();
        SocketMessages.SetSendBuffer(ours, 8 << 20);
        _socket = ours;
        return new(this, theirs);
    }

    /// <summary>Takes what is written to the device. Returns what write(2) would.</summary>
    private int Take(FuseDevice device, byte[] message)
    {
        lock (_gate)
        {
            if (device != Device)
                return -Errno.ENODEV;
            var header = message.Struct<OutHeader>();
            byte[] body = message[OutHeader.Size..];
            if (header.Len != message.Length)
                return Refuse($"a reply of {message.Length} bytes whose header says {header.Len}");
            if (header.Unique == 0)
            {
                if ((NotifyCode)header.Error == NotifyCode.Resend)
                    Resend();
                else
                    _notifications.Enqueue(((NotifyCode)header.Error, body));
                return 0;
            }
            bool waits = _requests.TryGetValue(header.Unique & ~FuseAbi.InterruptUnique, out var request) && !request.Reply.Task.IsCompleted;
            if ((header.Unique & FuseAbi.InterruptUnique) != 0)
                return waits ? 0 : -Errno.ENOENT;
            if (!waits)
            {
                Doubled++;
                return -Errno.ENOENT;
            }
            string? problem = header.Error is > 0 or < -FuseAbi.MaxErrno ? $"error {header.Error}"
                : header.Error != 0 ? (body.Length == 0 ? null : "an error with a body")
                : Fits(request.Opcode, body, request.Message) ? null : $"a body of {body.Length} bytes";
            if (problem is not null)
                return Refuse($"{request.Opcode}: {problem}");
            request.Reply.TrySetResult(new(-header.Error, body));
            return 0;
        }
    }

    private int Refuse(string problem)
    {
        _refused.Enqueue(problem);
        return -Errno.EINVAL;
    }

    /// <summary>What fuse_copy_out_args takes.</summary>
    private static bool Fits(Opcode opcode, byte[] body, byte[] request) => opcode switch
    {
        Opcode.Lookup or Opcode.Symlink or Opcode.Mknod or Opcode.Mkdir or Opcode.Link => body.Length == 128,
        Opcode.Create or Opcode.Tmpfile => body.Length == 144,
        Opcode.Getattr or Opcode.Setattr => body.Length == 104,
        Opcode.Open or Opcode.Opendir => body.Length == 16,
        Opcode.Read or Opcode.Readdir or Opcode.Readdirplus => body.Length <= request.U32(InHeader.Size + 16),
        Opcode.Write or Opcode.CopyFileRange or Opcode.CopyFileRange64 or Opcode.Lseek or Opcode.Bmap or Opcode.Poll => body.Length == 8,
        Opcode.Statfs => body.Length == 80,
        Opcode.Getlk => body.Length == 24,
        Opcode.Readlink => body.Length < 4096,
        Opcode.Getxattr or Opcode.Listxattr => request.U32(InHeader.Size) == 0 ? body.Length == 8 : body.Length <= request.U32(InHeader.Size),
        Opcode.Ioctl => body.Length >= 16,
        Opcode.Init => body.Length is 24 or 64,
        _ => body.Length == 0,
    };

    private const int Capacity = 2 << 20;

    /// <summary>Requests come over a socket; what is written is taken at once, for the answer says whether it was waited for.</summary>
    private sealed class RelayEnd(ScriptedKernel kernel, FileDescriptor socket) : FuseDevice(socket)
    {
        protected override int Write(IoVector* parts, int count)
        {
            var message = new List<byte>();
            for (int i = 0; i < count; i++)
                message.AddRange(new ReadOnlySpan<byte>(parts[i].Base, (int)parts[i].Length));
            return kernel.Take(this, [.. message]);
        }
    }
}
