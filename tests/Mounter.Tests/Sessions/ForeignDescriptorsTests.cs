using System.Net;
using System.Net.Sockets;
using Sluice.Linux;
using Sluice.Session;

namespace Sluice.Mounter.Tests.Sessions;

public sealed class ForeignDescriptorsTests
{
    [Fact]
    public async Task A_file_whose_close_waits_for_its_own_server_ends_that_server_s_mount()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        await node.PublishAsync("b");
        var relay = node.ServingRelay("a", marker: 1);
        using var file = FileDescriptor.Open(Path.Combine(node.Target("a"), "file"), OpenFlags.ReadOnly);
        SocketMessages.Send(relay.Channel.Socket, Convert.FromHexString("534C434501000C0000000000"), file);
        Assert.True(relay.IsDisconnected());

        var served = Task.Run(() => node.ServingRelay("b", marker: 2), TestContext.Current.CancellationToken);
        await served.WaitAsync(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Node.Eventually(() => Task.FromResult(node.Stat("a")?.Contains("not connected", StringComparison.Ordinal) is true));
        Assert.Equal(1, node.Mounter!.Counters.LostCalls);
        Assert.Equal("2", node.Stat("b"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_descriptor_whose_close_hangs_stops_nobody(bool unread)
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        await node.PublishAsync("b");
        var relay = node.ServingRelay("a", marker: 1);

        // A TCP socket with data that its peer does not take: the last close waits for it as long as the linger time says.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        using var peer = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        client.LingerState = new LingerOption(true, 30);
        client.Blocking = false;
        var junk = new byte[1 << 20];
        while (client.Send(junk, SocketFlags.None, out var error) > 0 && error == SocketError.Success)
        {
        }
        using (var lent = new FileDescriptor((int)client.SafeHandle.DangerousGetHandle()))
        {
            client.SafeHandle.SetHandleAsInvalid(); // .NET would undo the linger time
            relay.Send(new Hello(1, 1, "test", true, 1, 0)); // something to be read first
            SocketMessages.Send(relay.Channel.Socket, Convert.FromHexString("534C434501000C0000000000"), lent);
        }
        if (unread)
            relay.Dispose(); // what it sent is closed with its socket
        else
            Assert.True(relay.IsDisconnected());

        var served = Task.Run(() => node.ServingRelay("b", marker: 2), TestContext.Current.CancellationToken);
        await served.WaitAsync(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Equal("2", node.Stat("b"));
        Node.Eventually(() => Task.FromResult(node.Mounter!.Counters.LostCalls == 1));
        await node.Mounter!.Sessions.UnpublishAsync("a");
        peer.Close(0); // a reset ends the wait
    }
}
