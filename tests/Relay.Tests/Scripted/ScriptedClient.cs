using System.Collections.Concurrent;
using Sluice.Linux;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.Tests.Scripted;

/// <summary>
/// One epoch's client, at the other end of the relay's socket: answers INIT, keeps what it is told to forget, and hands every
/// other request to the test, or to a file system that answers it.
/// </summary>
internal sealed unsafe class ScriptedClient
{
    private const int Capacity = 2 << 20;

    private readonly FileDescriptor _socket;
    private readonly Thread _reader;
    private readonly BlockingCollection<Request> _requests = [];
    private readonly Func<Request, byte[]?>? _serve;
    private readonly Func<Request, byte[]> _init;
    private readonly Action<ulong, ulong>? _forgotten;

    /// <summary>Starts to answer.</summary>
    /// <param name="socket">Its end; the client's from now on.</param>
    /// <param name="init">What it says to INIT: a whole message.</param>
    /// <param name="serve">Answers the rest, as whole messages; null: the test does.</param>
    /// <param name="forgotten">Hears of each FORGET.</param>
    public ScriptedClient(FileDescriptor socket, Func<Request, byte[]>? init = null, Func<Request, byte[]?>? serve = null, Action<ulong, ulong>? forgotten = null)
    {
        _forgotten = forgotten;
        _socket = socket;
        _init = init ?? (request => Messages.Reply(request.Unique, 0, InitReply()));
        _serve = serve;
        _reader = new Thread(Read, 256 << 10) { IsBackground = true, Name = "client" };
        _reader.Start();
    }

    /// <summary>The INIT that it got.</summary>
    public Request? Introduced { get; private set; }

    /// <summary>Counts by node id.</summary>
    public ConcurrentDictionary<ulong, ulong> Forgotten { get; } = [];

    /// <summary>Uniques that it was asked to interrupt.</summary>
    public ConcurrentQueue<ulong> Interrupted { get; } = [];

    /// <summary>What becomes of each answer of the file system's; null: it is said as it is.</summary>
    public Func<byte[], IEnumerable<byte[]>>? Mutate { get; set; }

    /// <summary>Whether the relay has ended the link.</summary>
    public bool Ended { get; private set; }

    public static byte[] InitReply(InitFlags flags = (InitFlags)ulong.MaxValue, uint minor = 45, uint maxWrite = 1 << 20, int length = InitOut.Size)
    {
        byte[] reply = Bytes.OfStruct(new InitOut
        {
            Major = 7,
            Minor = minor,
            MaxReadahead = 1 << 20,
            Flags = (uint)flags,
            Flags2 = (uint)((ulong)flags >> 32),
            MaxWrite = maxWrite,
            MaxPages = 256,
            TimeGran = 1,
            MaxBackground = 12,
            CongestionThreshold = 9,
        });
        return reply[..length];
    }

    /// <summary>It dies: what it has not answered it never answers, and what it has begun to do is done when this returns.</summary>
    public void Kill()
    {
        if (Ended)
            return;
        SocketMessages.Shutdown(_socket);
        _reader.Join();
    }

    /// <summary>The next request, which must be an <paramref name="opcode"/>.</summary>
    public Request Expect(Opcode opcode, int milliseconds = 10_000)
    {
        if (!_requests.TryTake(out var request, milliseconds))
            throw new TimeoutException($"no {opcode}");
        Assert.Equal(opcode, request.Opcode);
        return request;
    }

    /// <summary>The next request, or null.</summary>
    public Request? Next(int milliseconds) => _requests.TryTake(out var request, milliseconds) ? request : null;

    public void Answer(Request request, params byte[] body) => Say(Messages.Reply(request.Unique, 0, body));

    /// <summary>Expects a request, answers it and returns it.</summary>
    public Request AnswerNext(Opcode opcode, params byte[] body)
    {
        var request = Expect(opcode);
        Answer(request, body);
        return request;
    }

    public void Fail(Request request, int errno) => Say(Messages.Reply(request.Unique, errno));

    /// <summary>Any message at all.</summary>
    public void Say(byte[] message)
    {
        fixed (byte* start = message)
        {
            var part = new IoVector { Base = start, Length = (nuint)message.Length };
            while (Transfers.Send(_socket.Number, &part, 1) == -Errno.EAGAIN)
                Poll.Wait(_socket, PollEvents.Out, 100);
        }
    }

    private void Read()
    {
        byte[] buffer = new byte[Capacity];
        fixed (byte* start = buffer)
        {
            int length;
            while ((length = Transfers.Receive(_socket.Number, start, Capacity)) > 0)
                Take(Request.Of(buffer.AsSpan(0, length)));
        }
        Ended = true;
        _requests.CompleteAdding();
        _socket.Dispose();
    }

    private void Take(Request request)
    {
        switch (request.Opcode)
        {
            case Opcode.Init:
                Introduced = request;
                Say(_init(request));
                break;
            case Opcode.Forget:
                Forgotten.AddOrUpdate(request.NodeId, request.Body.U64(), (_, before) => before + request.Body.U64());
                _forgotten?.Invoke(request.NodeId, request.Body.U64());
                break;
            case Opcode.Interrupt:
                Interrupted.Enqueue(request.Body.U64());
                break;
            default:
                if (_serve is null)
                    _requests.Add(request);
                else if (_serve(request) is { } reply)
                    Array.ForEach([.. Mutate?.Invoke(reply) ?? [reply]], Say);
                break;
        }
    }
}
