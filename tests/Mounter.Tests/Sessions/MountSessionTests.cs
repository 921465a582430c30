using System.Diagnostics;
using Sluice.Linux;
using Sluice.Mounter.Sessions;
using Sluice.Session;

namespace Sluice.Mounter.Tests.Sessions;

public sealed class MountSessionTests
{
    private const string NotConnected = "Transport endpoint is not connected";

    [Fact]
    public async Task A_prepared_session_is_an_empty_read_only_directory()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");

        var mount = Assert.Single(node.MountsAt("a"));
        Assert.Equal(("tmpfs", "sluice:a"), (mount.Type, mount.Source));
        Assert.Contains("ro,nosuid,nodev,noexec", OptionsOf(node.Target("a")), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(node.Target("a")));
        Assert.Equal(SessionState.Prepared, (await node.StatusAsync("a")).State);

        await node.PublishAsync("a"); // again, as kubelet does
        Assert.Single(node.MountsAt("a"));
        Assert.Equal(Errno.EEXIST, (await Assert.ThrowsAsync<LinuxException>(() => node.PublishAsync("a", readOnly: true))).Errno);

        await node.Mounter!.Sessions.UnpublishAsync("a");
        Assert.Empty(node.MountsAt("a"));
        Assert.False(Directory.Exists(node.Target("a")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(node.Root, "sessions")));
    }

    [Fact]
    public async Task Nobody_meets_the_mount_before_the_relay_serves()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a", readOnly: true);
        var relay = node.Relay("a");
        relay.Send(new Hello(1, 1, "test", false, 1, (1 << 20) + 4096));
        var welcome = relay.ReceiveWelcome(resumed: false);
        Assert.Equal(("a", true, (ushort)1), (welcome.SessionId, welcome.ReadOnly, welcome.Version));
        Assert.True(FileStatus.Of(relay.Device).IsFuseDevice);
        Assert.True(FuseConnections.Of(relay.Device) is not { } number || number == welcome.MountId);
        Assert.Equal(2 * SessionProtocol.MinPairs, relay.Pairs.Count);
        Assert.Equal("tmpfs", Assert.Single(node.MountsAt("a")).Type);
        Assert.Equal(SessionState.Starting, (await node.StatusAsync("a")).State);

        relay.Serve(marker: 1);
        relay.AwaitInit();
        relay.Send(new Serving(1));
        Node.Eventually(async () => (await node.StatusAsync("a")).State == SessionState.Serving);
        var mount = MountInfo.Top(MountInfo.ReadAll(), node.Target("a"));
        Assert.Equal(("fuse.sluice", "sluice:a", (uint)welcome.MountId), (mount!.Type, mount.Source, mount.Device.Minor));
        Assert.Contains("ro,nosuid,nodev", OptionsOf(node.Target("a")), StringComparison.Ordinal);
        Assert.Contains("user_id=0,group_id=0,default_permissions,allow_other,max_read=1048576", OptionsOf(node.Target("a")), StringComparison.Ordinal);
        Assert.Equal("1", node.Stat("a"));
        Assert.Equal("4096", File.ReadAllText($"/sys/class/bdi/0:{mount.Device.Minor}/read_ahead_kb").Trim());
    }

    [Fact]
    public async Task Socket_pairs_carry_four_megabytes()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var relay = node.ServingRelay("a", marker: 1);
        relay.Send(new MorePairs(2));
        relay.Receive<Pairs>();
        Assert.Equal(2 * (SessionProtocol.MinPairs + 2), relay.Pairs.Count);
        var message = new byte[4 * 1024 * 1024];
        message[^1] = 7;
        var received = new byte[message.Length + 1];
        foreach (var (from, to) in new[] { (relay.Pairs[^2], relay.Pairs[^1]), (relay.Pairs[^1], relay.Pairs[^2]) })
        {
            var reader = Task.Run(() => SocketMessages.Receive(to, received, out _), TestContext.Current.CancellationToken);
            SocketMessages.Send(from, message);
            Assert.Equal(message.Length, await reader);
            Assert.Equal(7, received[message.Length - 1]);
        }
    }

    [Fact]
    public async Task A_relay_that_died_leaves_its_descriptor_to_the_next_one()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var first = node.ServingRelay("a", marker: 1);
        ulong connection = first.Welcomed!.MountId;
        first.Dispose();
        Node.Eventually(async () => (await node.StatusAsync("a")).State == SessionState.Waiting);

        var call = node.StartStat("a");
        Assert.False(call.WaitForExit(200)); // it waits, and does not fail
        var second = node.Relay("a");
        second.Send(new Hello(1, 1, "test", true, 2, 0));
        Assert.Equal(connection, second.ReceiveWelcome(resumed: true).MountId);
        second.Serve(marker: 2);
        Assert.Equal("2", Node.Finish(call, 2000));
        second.Send(new Serving(2));
        Node.Eventually(async () => (await node.StatusAsync("a")).State == SessionState.Serving);
        Assert.Equal(2, node.MountsAt("a").Count);
    }

    [Fact]
    public async Task A_hundred_relays_leave_no_descriptor_behind()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        node.ServingRelay("a", marker: 1).Dispose();
        string? before = null;
        for (uint i = 0; i < 101; i++)
        {
            using (var relay = node.Relay("a"))
            {
                relay.Send(new Hello(1, 1, "test", true, i, 0));
                relay.ReceiveWelcome(resumed: true);
                relay.Serve(marker: i);
                relay.Send(new Serving(i));
                if (i % 25 == 0)
                    Assert.Equal(i.ToString(System.Globalization.CultureInfo.InvariantCulture), node.Stat("a"));
            }
            if (i == 0)
            {
                await Task.Delay(200, TestContext.Current.CancellationToken);
                before = Descriptors();
            }
        }
        for (int i = 0; i < 100 && Descriptors() != before; i++)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(before, Descriptors());
    }

    [Fact]
    public async Task A_relay_that_died_before_it_served_leaves_its_descriptor_too()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var first = node.Relay("a");
        first.Send(new Hello(1, 1, "test", false, 1, 0));
        ulong connection = first.ReceiveWelcome(resumed: false).MountId;
        first.Dispose();

        var second = node.Relay("a");
        second.Send(new Hello(1, 1, "test", true, 1, 0));
        Assert.Equal(connection, second.ReceiveWelcome(resumed: true).MountId);
        second.Serve(marker: 2);
        second.AwaitInit();
        second.Send(new Serving(1));
        Node.Eventually(async () => (await node.StatusAsync("a")).State == SessionState.Serving);
        Assert.Equal("2", node.Stat("a"));
    }

    [Fact]
    public async Task A_relay_that_cannot_go_on_gets_a_fresh_mount_on_top()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        node.ServingRelay("a", marker: 1).Dispose();
        var second = node.ServingRelay("a", marker: 2);
        Assert.Equal("2", node.Stat("a"));
        Assert.Equal(3, node.MountsAt("a").Count);
        Assert.Equal(1, (await node.StatusAsync("a")).LostMounts);
        Assert.Equal(1, node.Mounter!.Counters.LostMounts);
        await node.Mounter.Sessions.UnpublishAsync("a");
        Assert.Empty(node.MountsAt("a"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_that_somebody_ended_is_not_given_again(bool afterRestart)
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var first = node.ServingRelay("a", marker: 1);
        ulong connection = first.Welcomed!.MountId;
        using (var connections = new FuseConnections())
            Assert.True(connections.Abort((uint)connection));
        if (afterRestart)
            await node.RestartAsync();
        using var second = first.Reconnected(SessionChannel.Connect(node.SocketDirectory("a")));
        second.Send(new Hello(1, 1, "test", true, 1, 0));
        second.Send(new Deposit(connection), second.Device);
        second.ReceiveWelcome(resumed: false);
        Assert.Equal(1, node.Mounter!.Counters.LostMounts);
    }

    [Fact]
    public async Task Layers_do_not_pile_up()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        for (uint i = 1; i <= MountLayers.MaxFuseLayers + 4; i++)
        {
            using var relay = node.ServingRelay("a", marker: i);
            Assert.Equal(i.ToString(System.Globalization.CultureInfo.InvariantCulture), node.Stat("a"));
        }
        Assert.Equal(1 + MountLayers.MaxFuseLayers, node.MountsAt("a").Count);
    }

    [Fact]
    public async Task After_a_restart_a_deposit_is_believed_and_given_to_the_next_relay()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var first = node.ServingRelay("a", marker: 1);
        ulong connection = first.Welcomed!.MountId;
        await node.RestartAsync();
        Assert.True(first.IsDisconnected());
        Assert.Equal("1", node.Stat("a")); // nothing happened to the data path

        using var back = first.Reconnected(SessionChannel.Connect(node.SocketDirectory("a")));
        back.Serve(marker: 1);
        back.Send(new Hello(1, 1, "test", true, 1, 0));
        back.Send(new Deposit(connection), back.Device);
        back.ReceiveWelcome(resumed: true);
        back.Send(new Serving(1));
        Node.Eventually(async () => (await node.StatusAsync("a")).State == SessionState.Serving);
        Assert.Equal(1, node.Mounter!.Counters.Deposits);
        back.Dispose();

        var second = node.Relay("a");
        second.Send(new Hello(1, 1, "test", true, 2, 0));
        Assert.Equal(connection, second.ReceiveWelcome(resumed: true).MountId);
        second.Serve(marker: 2);
        Assert.Equal("2", node.Stat("a"));
        Assert.Equal(2, node.MountsAt("a").Count);
    }

    [Fact]
    public async Task A_mounter_that_ended_before_the_first_serving_makes_a_fresh_mount()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var relay = node.Relay("a");
        relay.Send(new Hello(1, 1, "test", false, 1, 0));
        ulong connection = relay.ReceiveWelcome(resumed: false).MountId;
        await node.RestartAsync();

        using var back = relay.Reconnected(SessionChannel.Connect(node.SocketDirectory("a")));
        back.Send(new Hello(1, 1, "test", true, 1, 0));
        back.Send(new Deposit(connection), back.Device);
        back.ReceiveWelcome(resumed: false);
        back.Serve(marker: 3);
        back.AwaitInit();
        back.Send(new Serving(1));
        Node.Eventually(async () => (await node.StatusAsync("a")).State == SessionState.Serving);
        Assert.Equal("3", node.Stat("a"));
        Assert.Equal(0, node.Mounter!.Counters.LostMounts); // nobody had met the first one
    }

    [Fact]
    public async Task When_relay_and_mounter_died_a_fresh_mount_goes_on_top()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var first = node.ServingRelay("a", marker: 1);
        node.Mounter!.Dispose();
        first.Dispose();
        Assert.Contains(NotConnected, node.Stat("a"), StringComparison.Ordinal);
        await node.StartAsync();
        Assert.Equal(SessionState.Waiting, (await node.StatusAsync("a")).State);

        var second = node.Relay("a");
        second.Send(new Hello(1, 1, "test", true, 1, 0)); // its state file is there, its descriptor is not
        Assert.Equal(SessionState.AwaitingDeposit, await StateAfterHello(node));
        second.ReceiveWelcome(resumed: false);
        second.Serve(marker: 2);
        second.AwaitInit();
        second.Send(new Serving(1));
        Node.Eventually(async () => (await node.StatusAsync("a")).State == SessionState.Serving);
        Assert.Equal("2", node.Stat("a"));
        Assert.Equal(1, node.Mounter!.Counters.LostMounts);
        Assert.Equal(3, node.MountsAt("a").Count);
        await node.Mounter.Sessions.UnpublishAsync("a");
        Assert.Empty(node.MountsAt("a"));
    }

    [Fact]
    public async Task A_deposit_that_is_not_what_it_says_is_refused()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        await node.PublishAsync("b");
        var first = node.ServingRelay("a", marker: 1);
        var other = node.ServingRelay("b", marker: 9);
        ulong connection = first.Welcomed!.MountId;
        await node.RestartAsync();

        using var back = first.Reconnected(SessionChannel.Connect(node.SocketDirectory("a")));
        back.Send(new Hello(1, 1, "test", true, 1, 0));
        using var null0 = FileDescriptor.Open("/dev/null", OpenFlags.ReadWrite);
        back.Send(new Deposit(connection), null0);
        Assert.Contains("not of /dev/fuse", back.Receive<Error>().Message, StringComparison.Ordinal);
        back.Send(new Deposit(connection + 1000), back.Device);
        Assert.Contains("not the session's", back.Receive<Error>().Message, StringComparison.Ordinal);
        if (FuseConnections.Of(other.Device) is not null)
        {
            back.Send(new Deposit(connection), other.Device);
            Assert.Contains("is of connection", back.Receive<Error>().Message, StringComparison.Ordinal);
        }
        back.Send(new Deposit(connection), back.Device);
        back.ReceiveWelcome(resumed: true);
        Assert.Equal(1, node.Mounter!.Counters.Deposits);
    }

    [Fact]
    public async Task A_second_relay_is_refused_as_long_as_the_first_one_lives()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var first = node.ServingRelay("a", marker: 1);
        var second = node.Relay("a");
        second.Send(new Hello(1, 1, "test", true, 1, 0));
        Assert.Equal(Errno.EBUSY, second.Receive<Error>().Errno);
        Assert.True(second.IsDisconnected());
        Assert.Equal("1", node.Stat("a"));

        // No pause between the end of one and the Hello of the next.
        for (int i = 0; i < 20; i++)
        {
            first.Dispose();
            first = node.Relay("a");
            first.Send(new Hello(1, 1, "test", true, 1, 0));
            first.ReceiveWelcome(resumed: true);
        }
    }

    [Fact]
    public async Task Goodbye_ends_the_mount_at_once_and_a_new_relay_gets_another_one()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var relay = node.ServingRelay("a", marker: 1);
        relay.Silent = true;
        var waiting = node.StartStat("a");
        Node.Eventually(() => Task.FromResult(relay.ReadPid == waiting.Id));
        var clock = Stopwatch.StartNew();
        relay.Send(new Goodbye(false, "half a file"));
        Assert.NotNull(Node.Finish(waiting, 1000)); // ECONNABORTED: it was under way
        Assert.Contains(NotConnected, node.Stat("a"), StringComparison.Ordinal);
        Assert.True(clock.ElapsedMilliseconds < 100, $"{clock.ElapsedMilliseconds} ms");
        Assert.Equal((SessionState.Closed, "half a file"), ((await node.StatusAsync("a")).State, (await node.StatusAsync("a")).LostWrites));

        node.ServingRelay("a", marker: 2);
        Assert.Equal("2", node.Stat("a"));
    }

    [Fact]
    public async Task A_goodbye_is_heard_though_the_next_relay_is_faster()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var first = node.ServingRelay("a", marker: 1);
        var second = node.Relay("a");
        first.Send(new Goodbye(true, ""));
        first.Dispose();
        second.Send(new Hello(1, 1, "test", true, 1, 0));
        second.ReceiveWelcome(resumed: false);
    }

    [Fact]
    public async Task Unpublish_frees_who_waits_and_leaves_nothing()
    {
        using var node = Node.Create();
        await node.StartAsync();
        // What is kept from the first time on: the mounter's fusectl, the runtime's descriptors for children.
        await node.PublishAsync("first");
        node.ServingRelay("first", marker: 1).Dispose();
        await node.Mounter!.Sessions.UnpublishAsync("first");
        _ = Node.Finish(node.StartStat("first"), 1000);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        string before = Descriptors();
        await node.PublishAsync("a");
        var relay = node.ServingRelay("a", marker: 1);
        relay.Silent = true;
        var waiting = node.StartStat("a");
        Node.Eventually(() => Task.FromResult(relay.ReadPid == waiting.Id));
        await node.Mounter.Sessions.UnpublishAsync("a");
        Assert.NotNull(Node.Finish(waiting, 1000));
        Assert.Empty(node.MountsAt("a"));
        Assert.False(Directory.Exists(node.Target("a")));
        Assert.True(relay.IsDisconnected());
        relay.Dispose();
        for (int i = 0; i < 100 && Descriptors() != before; i++)
            await Task.Delay(20, TestContext.Current.CancellationToken); // those of relays are closed on a thread of its own
        Assert.Equal(before, Descriptors());
        await node.Mounter.Sessions.UnpublishAsync("a"); // once more is nothing
    }

    [Fact]
    public async Task A_target_that_was_there_stays_and_a_foreign_mount_is_not_covered()
    {
        using var node = Node.Create();
        await node.StartAsync();
        Directory.CreateDirectory(node.Target("a"));
        await node.PublishAsync("a");
        await node.Mounter!.Sessions.UnpublishAsync("a");
        Assert.True(Directory.Exists(node.Target("a")));

        Mounts.Mount("foreign", node.Target("a"), "tmpfs", MountFlags.None);
        Assert.Equal(Errno.EBUSY, (await Assert.ThrowsAsync<LinuxException>(() => node.PublishAsync("a"))).Errno);
        Assert.Equal("foreign", Assert.Single(node.MountsAt("a")).Source);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(node.Root, "sessions")));
    }

    [Fact]
    public async Task A_session_whose_relay_stays_away_is_closed_after_the_time_that_was_set()
    {
        using var node = Node.Create();
        node.RelayTimeout = TimeSpan.FromMilliseconds(300);
        await node.StartAsync();
        await node.PublishAsync("a");
        node.ServingRelay("a", marker: 1).Dispose();
        var call = node.StartStat("a");
        Assert.NotNull(Node.Finish(call, 2000));
        Assert.Equal(SessionState.Closed, (await node.StatusAsync("a")).State);
        Assert.Contains(NotConnected, node.Stat("a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_come_after_the_welcome_and_when_they_change()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a", secret: new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["key"] = [1] });
        var relay = node.Relay("a");
        relay.Send(new Hello(1, 1, "test", false, 1, 0));
        relay.ReceiveWelcome(resumed: false);
        Assert.Equal(new byte[] { 1 }, relay.Receive<Secret>().Values["key"]);
        await node.PublishAsync("a", secret: new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["key"] = [2] });
        Assert.Equal(new byte[] { 2 }, relay.Receive<Secret>().Values["key"]);
        Assert.DoesNotContain("key", File.ReadAllText(Path.Combine(node.Root, "sessions", "a", "session.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_tasks_are_told_from_those_that_wait()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var relay = node.ServingRelay("a", marker: 1);
        relay.Silent = true;
        var killed = node.StartStat("a");
        Node.Eventually(() => Task.FromResult(relay.ReadPid == killed.Id));
        var waiting = node.StartStat("a");
        Node.Eventually(() => Task.FromResult(relay.ReadPid == waiting.Id));
        killed.Kill();
        Node.Eventually(() =>
        {
            relay.Send(new KilledQuery([(uint)killed.Id, (uint)waiting.Id, 0, uint.MaxValue]));
            return Task.FromResult(relay.Receive<KilledAnswer>().Pids.SequenceEqual([(uint)killed.Id]));
        });
        await node.Mounter!.Sessions.UnpublishAsync("a");
        Assert.True(killed.WaitForExit(1000) && waiting.WaitForExit(1000));
    }

    [Fact]
    public async Task What_is_malformed_or_out_of_place_is_answered_and_the_relay_goes_on()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        var relay = node.Relay("a");
        relay.Send(new Serving(1));
        Assert.Equal(Errno.EPROTO, relay.Receive<Error>().Errno);
        relay.Send(new Hello(2, 9, "newer", false, 1, 0));
        Assert.Equal(Errno.EPROTONOSUPPORT, relay.Receive<Error>().Errno);
        Assert.True(relay.IsDisconnected());

        relay = node.ServingRelay("a", marker: 1);
        SocketMessages.Send(relay.Channel.Socket, new byte[SessionProtocol.MaxMessage + 100]);
        Assert.Equal(Errno.EPROTO, relay.Receive<Error>().Errno);
        SocketMessages.Send(relay.Channel.Socket, [1, 2, 3]);
        Assert.Equal(Errno.EPROTO, relay.Receive<Error>().Errno);
        SocketMessages.Send(relay.Channel.Socket, Convert.FromHexString("534C43450100FF0000000000"));
        Assert.Equal(Errno.EOPNOTSUPP, relay.Receive<Error>().Errno);
        relay.Send(new Secret(new Dictionary<string, byte[]>(StringComparer.Ordinal)));
        Assert.Equal(Errno.EPROTO, relay.Receive<Error>().Errno);
        relay.Send(new Hello(1, 1, "again", false, 1, 0));
        Assert.Equal(Errno.EPROTO, relay.Receive<Error>().Errno);
        relay.Send(new MorePairs(1));
        relay.Receive<Pairs>();
        Assert.Equal("1", node.Stat("a"));
    }

    [Fact]
    public async Task Whoever_says_nothing_or_too_much_stops_nobody_else()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        await node.PublishAsync("b");
        var silent = Enumerable.Range(0, 10).Select(_ => node.Relay("a")).ToList();
        var flood = node.ServingRelay("b", marker: 1);
        flood.Channel.Socket.SetNonBlocking(true);
        var clock = Stopwatch.StartNew();
        while (clock.ElapsedMilliseconds < 500)
        {
            try
            {
                flood.Send(new KilledQuery([1])); // whose answers nobody reads
            }
            catch (LinuxException)
            {
                break;
            }
        }
        clock.Restart();
        await node.PublishAsync("c");
        using var relay = node.ServingRelay("c", marker: 3);
        Assert.Equal("3", node.Stat("c"));
        Assert.True(clock.ElapsedMilliseconds < 2000, $"{clock.ElapsedMilliseconds} ms");
        silent.ForEach(connection => connection.Dispose());
        node.ServingRelay("a", marker: 5);
    }

    private static async Task<SessionState> StateAfterHello(Node node)
    {
        Node.Eventually(async () => (await node.StatusAsync("a")).RelayPid is not null);
        return (await node.StatusAsync("a")).State;
    }

    /// <summary>All but the runtime's own: assemblies, and the pipes of children.</summary>
    private static string Descriptors() => string.Join('\n', Directory.GetFiles("/proc/self/fd")
        .Select(TargetOf)
        .Where(target => target is not null && !target.EndsWith(".dll", StringComparison.Ordinal) && !target.StartsWith("pipe:", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal));

    private static string? TargetOf(string link)
    {
        try
        {
            return Files.ReadLink(link);
        }
        catch (LinuxException)
        {
            return null; // the listing's own
        }
    }

    private static string OptionsOf(string target) =>
        string.Join(' ', File.ReadAllLines("/proc/self/mountinfo").Where(line => line.Contains($" {target} ", StringComparison.Ordinal)));
}
