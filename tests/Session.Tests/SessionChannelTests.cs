using Sluice.Linux;

namespace Sluice.Session.Tests;

public sealed class SessionChannelTests
{
    [Fact]
    public void Descriptors_arrive_in_their_order_and_close_on_exec()
    {
        var (ours, theirs) = SocketMessages.CreatePair();
        using var mounter = new SessionChannel(ours);
        using var relay = new SessionChannel(theirs);
        var pairs = Enumerable.Range(0, 2).Select(_ => SocketMessages.CreatePair()).ToArray();
        FileDescriptor[] sent = [.. pairs.SelectMany(p => new[] { p.First, p.Second })];
        mounter.Send(new Pairs(), sent);
        foreach (var descriptor in sent)
            descriptor.Dispose();

        Assert.Equal(new Pairs(), relay.Receive(out var received));
        Assert.Equal(4, received.Length);
        SocketMessages.Send(received[2], [42]);
        var buffer = new byte[10];
        Assert.Equal(1, SocketMessages.Receive(received[3], buffer, out _));
        Assert.Equal(42, buffer[0]);
        foreach (var descriptor in received)
        {
            Assert.Contains("flags:\t02000002", File.ReadAllText($"/proc/self/fdinfo/{descriptor.Number}"), StringComparison.Ordinal);
            descriptor.Dispose();
        }
    }

    [Fact]
    public void A_closed_peer_is_the_end()
    {
        var (ours, theirs) = SocketMessages.CreatePair();
        using var channel = new SessionChannel(ours);
        channel.Send(new Closing());
        theirs.Dispose();
        Assert.Null(channel.Receive(out _));
        Assert.Equal(Errno.EPIPE, Assert.Throws<LinuxException>(() => channel.Send(new Closing())).Errno);
    }

    [Fact]
    public void Nothing_there_is_EAGAIN_where_the_socket_does_not_block()
    {
        var (ours, theirs) = SocketMessages.CreatePair();
        using var channel = new SessionChannel(ours);
        using var peer = theirs;
        channel.Socket.SetNonBlocking(true);
        Assert.Equal(Errno.EAGAIN, Assert.Throws<LinuxException>(() => channel.Receive(out _)).Errno);
    }

    [Fact]
    public void Descriptors_where_none_belong_are_closed_and_refused()
    {
        var (ours, theirs) = SocketMessages.CreatePair();
        using var channel = new SessionChannel(ours);
        using var peer = theirs;
        var (kept, lent) = SocketMessages.CreatePair();
        using var end = kept;
        using (lent)
        {
            Assert.Throws<ProtocolException>(() => channel.Send(new Closing(), lent));
            SocketMessages.Send(peer, Convert.FromHexString("534C434501000C0000000000"), lent);
        }
        Assert.Throws<ProtocolException>(() => channel.Receive(out _));
        Assert.Equal(0, SocketMessages.Receive(kept, new byte[1], out _)); // nobody holds the other end any more
    }

    [Fact]
    public void A_message_that_is_too_long_is_refused_and_the_next_one_read()
    {
        var (ours, theirs) = SocketMessages.CreatePair();
        using var channel = new SessionChannel(ours);
        using var peer = new SessionChannel(theirs);
        SocketMessages.Send(theirs, new byte[SessionProtocol.MaxMessage + 1]);
        peer.Send(new Serving(3));
        Assert.Throws<ProtocolException>(() => channel.Receive(out _));
        Assert.Equal(new Serving(3), channel.Receive(out _));
    }

    [Fact]
    public void A_directory_may_have_a_longer_path_than_sockets_do()
    {
        var root = Directory.CreateTempSubdirectory("sluice-session-");
        try
        {
            var directory = root.CreateSubdirectory(new string('d', 120)).CreateSubdirectory(new string('e', 120)).FullName;
            Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => SessionChannel.Connect(directory)).Errno);
            using (DirectorySocket.Listen(directory, SessionProtocol.SocketName, 0x1B6))
            {
            }
            Assert.Equal(Errno.ECONNREFUSED, Assert.Throws<LinuxException>(() => SessionChannel.Connect(directory)).Errno);
            using var listener = DirectorySocket.Listen(directory, SessionProtocol.SocketName, 0x1B6);
            using var relay = SessionChannel.Connect(directory);
            using var mounter = new SessionChannel(SocketMessages.Accept(listener)!);
            relay.Send(new Closing());
            Assert.Equal(new Closing(), mounter.Receive(out _));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }
}
