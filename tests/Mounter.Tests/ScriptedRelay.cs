using System.Buffers.Binary;
using Sluice.Linux;
using Sluice.Session;

namespace Sluice.Mounter.Tests;

/// <summary>
/// A relay that is its own client: it answers the kernel's INIT, and GETATTR of the root with an owner that tells who
/// answered. Requests are answered one at a time; attributes are never cached, so that each stat asks. Every name is a file
/// that can be opened, and that nobody can close: FLUSH stays unanswered.
/// </summary>
internal sealed class ScriptedRelay(SessionChannel channel) : IDisposable
{
    private const uint Lookup = 1;
    private const uint Getattr = 3;
    private const uint Open = 14;
    private const uint Flush = 25;
    private const uint Init = 26;

    private const ulong FileNode = 2;

    private readonly ManualResetEventSlim _initialized = new();
    private FileDescriptor? _device;
    private List<FileDescriptor> _pairs = [];
    private Thread? _server;
    private volatile bool _stopping;
    private volatile uint _readPid;

    public FileDescriptor Device => _device!;

    public Welcome? Welcomed { get; private set; }

    public IReadOnlyList<FileDescriptor> Pairs => _pairs;

    /// <summary>Requests are read and never answered.</summary>
    public bool Silent { get; set; }

    /// <summary>The task of the request that was read last.</summary>
    public uint ReadPid => _readPid;

    public void Send(Message message, params ReadOnlySpan<FileDescriptor> descriptors) => channel.Send(message, descriptors);

    public SessionChannel Channel => channel;

    /// <summary>The next message; fails the test when none comes.</summary>
    public T Receive<T>(int milliseconds = 5000)
        where T : Message
    {
        Assert.True(Poll.Wait(channel.Socket, PollEvents.In, milliseconds), $"no {typeof(T).Name} in time");
        var message = Assert.IsType<T>(channel.Receive(out var descriptors));
        if (message is Welcome welcome)
        {
            Welcomed = welcome;
            if (_server is null)
            {
                _device?.Dispose();
                _device = descriptors[0];
            }
            else
            {
                descriptors[0].Dispose(); // a duplicate of what is served already
            }
            _pairs = [.. _pairs, .. descriptors[1..]];
        }
        else
        {
            _pairs = [.. _pairs, .. descriptors];
        }
        return message;
    }

    public Welcome ReceiveWelcome(bool resumed)
    {
        var welcome = Receive<Welcome>();
        Assert.Equal(resumed, welcome.Resumed);
        return welcome;
    }

    /// <summary>Whether the mounter has ended the connection.</summary>
    public bool IsDisconnected(int milliseconds = 5000)
    {
        while (Poll.Wait(channel.Socket, PollEvents.In, milliseconds))
        {
            if (channel.Receive(out _) is null)
                return true;
        }
        return false;
    }

    /// <summary>Answers from now on, on a thread.</summary>
    public void Serve(uint marker)
    {
        _server = new Thread(() => Run(marker)) { IsBackground = true };
        _server.Start();
    }

    public void AwaitInit() => Assert.True(_initialized.Wait(5000), "the kernel sent no INIT");

    /// <summary>Goes on with a new connection, as a relay does when its mounter has gone.</summary>
    public ScriptedRelay Reconnected(SessionChannel another)
    {
        var relay = new ScriptedRelay(another) { _device = _device!.Duplicate() };
        Dispose();
        return relay;
    }

    /// <summary>Ends as a SIGKILL would: every descriptor is closed.</summary>
    public void Dispose()
    {
        _stopping = true;
        _server?.Join();
        _server = null;
        channel.Dispose();
        _device?.Dispose();
        _pairs.ForEach(pair => pair.Dispose());
        _pairs = [];
    }

    private unsafe void Run(uint marker)
    {
        var buffer = new byte[256 * 1024];
        fixed (byte* bytes = buffer)
        {
            while (!_stopping)
            {
                if (!Poll.Wait(Device, PollEvents.In, 10))
                    continue;
                int length = Transfers.Read(Device.Number, bytes, buffer.Length);
                if (length == -Errno.ENODEV)
                    return;
                if (length < 40)
                    continue;
                uint opcode = BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(4));
                ulong unique = BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(8));
                _readPid = BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(32));
                ulong node = BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(16));
                byte[] reply = Reply(opcode, node, buffer.AsSpan(40), marker);
                BinaryPrimitives.WriteInt32LittleEndian(reply, reply.Length);
                BinaryPrimitives.WriteUInt64LittleEndian(reply.AsSpan(8), unique);
                if (Silent || opcode == Flush)
                    continue;
                fixed (byte* first = reply)
                    _ = Transfers.Write(Device.Number, first, reply.Length);
                if (opcode == Init)
                    _initialized.Set();
            }
        }
    }

    /// <summary>struct fuse_attr.</summary>
    private static void Attributes(Span<byte> attributes, ulong node, uint marker)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(attributes, node);
        BinaryPrimitives.WriteInt32LittleEndian(attributes[60..], node == FileNode ? 0x81A4 : 0x41ED); // a file, 0644, or a directory, 0755
        BinaryPrimitives.WriteInt32LittleEndian(attributes[64..], 1); // nlink
        BinaryPrimitives.WriteUInt32LittleEndian(attributes[68..], marker); // uid
    }

    private static byte[] Reply(uint opcode, ulong node, ReadOnlySpan<byte> request, uint marker)
    {
        byte[] reply;
        switch (opcode)
        {
            case Init: // struct fuse_init_out
                reply = new byte[16 + 64];
                request[..8].CopyTo(reply.AsSpan(16)); // the version that the kernel speaks
                BinaryPrimitives.WriteInt32LittleEndian(reply.AsSpan(16 + 20), 128 * 1024); // max_write
                return reply;
            case Getattr: // struct fuse_attr_out
                reply = new byte[16 + 104];
                Attributes(reply.AsSpan(32), node, marker);
                return reply;
            case Lookup: // struct fuse_entry_out
                reply = new byte[16 + 128];
                BinaryPrimitives.WriteUInt64LittleEndian(reply.AsSpan(16), FileNode);
                Attributes(reply.AsSpan(16 + 40), FileNode, marker);
                return reply;
            case Open: // struct fuse_open_out
                return new byte[16 + 16];
            default:
                reply = new byte[16];
                BinaryPrimitives.WriteInt32LittleEndian(reply.AsSpan(4), -Errno.ENOSYS);
                return reply;
        }
    }
}
