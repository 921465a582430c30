using System.Collections.Concurrent;
using Sluice.Linux;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.Tests.Scripted;

/// <summary>
/// Stands for the kernel at the other end of what the relay takes for /dev/fuse: sends requests, keeps the first reply to each
/// and passes over a second one, as the kernel does (ENOENT), and refuses what the kernel would refuse.
/// </summary>
internal sealed unsafe class ScriptedKernel : IDisposable
{
    private const int Capacity = 2 << 20;

    private readonly ConcurrentDictionary<ulong, (Opcode Opcode, TaskCompletionSource<Reply> Reply, byte[] Message)> _requests = [];
    private readonly ConcurrentQueue<(NotifyCode Code, byte[] Body)> _notifications = [];
    private readonly ConcurrentQueue<string> _refused = [];
    private FileDescriptor _socket;
    private ulong _unique;

    public ScriptedKernel() => Device = Connect();

    /// <summary>The relay's end.</summary>
    public FileDescriptor Device { get; private set; }

    /// <summary>Replies that a kernel would have answered with EINVAL or turned into EIO.</summary>
    public IReadOnlyCollection<string> Refused => _refused;

    /// <summary>Replies to what was answered before.</summary>
    public int Doubled { get; private set; }

    public IReadOnlyCollection<(NotifyCode Code, byte[] Body)> Notifications => _notifications;

    /// <summary>Another relay gets the device; what the first one had and did not answer it must find in its state.</summary>
    public void Reconnect()
    {
        var old = _socket;
        Device = Connect();
        SocketMessages.Shutdown(old);
    }

    /// <summary>Sends a request and does not wait. Returns its unique.</summary>
    public ulong Send(Opcode opcode, ulong node, byte[] body, uint pid = 1000, uint uid = 1, bool twice = false)
    {
        ulong unique = Interlocked.Add(ref _unique, 2);
        byte[] message = Bytes.Of((uint)(InHeader.Size + body.Length), (uint)opcode, unique, node, uid, 2u, pid, 0u, body);
        if (opcode is not (Opcode.Forget or Opcode.BatchForget or Opcode.Interrupt))
            _requests[unique] = (opcode, new(TaskCreationOptions.RunContinuationsAsynchronously), message);
        for (int i = 0; i < (twice ? 2 : 1); i++)
            SocketMessages.Send(_socket, message);
        return unique;
    }

    /// <summary>Sends what was not answered once more, as FUSE_NOTIFY_RESEND makes the kernel do: with bit 63, in any order.</summary>
    public void Resend()
    {
        foreach (var (unique, (opcode, reply, message)) in _requests.OrderByDescending(pair => pair.Key).ToArray())
        {
            if (reply.Task.IsCompleted || (unique & FuseAbi.ResentUnique) != 0)
                continue;
            byte[] again = [.. message[..8], .. Bytes.Of(unique | FuseAbi.ResentUnique), .. message[16..]];
            _requests.TryRemove(unique, out _);
            _requests[unique | FuseAbi.ResentUnique] = (opcode, reply, again);
            SocketMessages.Send(_socket, again);
        }
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
    private FileDescriptor Connect()
    {
        var (ours, theirs) = SocketMessages.CreatePair();
        SocketMessages.SetSendBuffer(ours, 8 << 20);
        SocketMessages.SetSendBuffer(theirs, 8 << 20);
        _socket = ours;
        new Thread(() => Read(ours), 256 << 10) { IsBackground = true, Name = "kernel" }.Start();
        return theirs;
    }

    private void Read(FileDescriptor socket)
    {
        byte[] buffer = new byte[Capacity];
        fixed (byte* start = buffer)
        {
            int length;
            while ((length = Transfers.Receive(socket.Number, start, Capacity)) > 0)
                Take(buffer.AsSpan(0, length).ToArray());
        }
        GC.KeepAlive(socket);
    }

    private void Take(byte[] message)
    {
        var header = message.Struct<OutHeader>();
        byte[] body = message[OutHeader.Size..];
        if (header.Len != message.Length)
        {
            _refused.Enqueue($"a reply of {message.Length} bytes whose header says {header.Len}");
            return;
        }
        if (header.Unique == 0)
        {
            _notifications.Enqueue(((NotifyCode)header.Error, body));
            return;
        }
        if (!_requests.TryGetValue(header.Unique, out var request) || request.Reply.Task.IsCompleted)
        {
            Doubled++;
            return;
        }
        string? problem = header.Error is > 0 or < -511 ? $"error {header.Error}"
            : header.Error != 0 ? (body.Length == 0 ? null : "an error with a body")
            : Fits(request.Opcode, body, request.Message) ? null : $"a body of {body.Length} bytes";
        if (problem is null)
            request.Reply.TrySetResult(new(-header.Error, body));
        else
            _refused.Enqueue($"{request.Opcode}: {problem}");
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
}
