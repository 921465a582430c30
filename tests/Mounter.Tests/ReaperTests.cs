using Sluice.Linux;
using Sluice.Mounter.Sessions;

namespace Sluice.Mounter.Tests;

public sealed class ReaperTests
{
    [Fact]
    public void Ours_and_nobodys_is_what_has_our_type_our_source_and_no_session()
    {
        MountInfo[] mounts =
        [
            new(10, 1, (0, 30), "/", "/pods/a", "tmpfs", "sluice:gone"),
            new(11, 10, (0, 31), "/", "/pods/a", "fuse.sluice", "sluice:gone"),
            new(12, 1, (0, 32), "/", "/pods/b", "fuse.sluice", "sluice:known"),
            new(13, 1, (0, 33), "/", "/elsewhere/c", "fuse.sluice", "sluice:gone"),
            new(14, 1, (0, 34), "/", "/podsxyz/d", "fuse.sluice", "sluice:gone"),
            new(15, 1, (0, 35), "/", "/pods/e", "fuse.sluice", "other:gone"),
            new(16, 1, (0, 36), "/", "/pods/f", "fuse.sshfs", "sluice:gone"),
            new(17, 1, (0, 31), "/sub", "/pods/subpath", "fuse.sluice", "sluice:gone"), // kubelet's, who removes it
            new(18, 1, (0, 37), "/", "/pods/g", "tmpfs", "sluice:../x"),
            new(19, 1, (0, 38), "/", "/pods/h", "tmpfs", "tmpfs"),
        ];
        Assert.Equal([10, 11], Reaper.Orphans(mounts, "/pods/", ["known"]).Select(mount => mount.Id));
    }

    [Fact]
    public async Task Mounts_without_a_session_go_and_free_who_waits()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        await node.PublishAsync("b");
        var relay = node.ServingRelay("a", marker: 1);
        relay.Silent = true;
        var waiting = node.StartStat("a");
        Node.Eventually(() => Task.FromResult(relay.ReadPid == waiting.Id));
        node.Mounter!.Dispose();
        Directory.Delete(Path.Combine(node.Root, "sessions", "a"), recursive: true);
        Directory.CreateDirectory(node.Target("foreign"));
        Mounts.Mount("foreign", node.Target("foreign"), "tmpfs", MountFlags.None);

        await node.StartAsync();
        Assert.NotNull(Node.Finish(waiting, 1000));
        Assert.Empty(node.MountsAt("a"));
        Assert.False(Directory.Exists(node.Target("a")));
        Assert.Equal(2, node.Mounter.Counters.ReapedMounts);
        Assert.Single(node.MountsAt("b"));
        Assert.Single(node.MountsAt("foreign"));
    }

    [Fact]
    public async Task A_foreign_mount_on_top_of_an_orphan_stays_and_so_does_the_orphan()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        node.Mounter!.Dispose();
        Directory.Delete(Path.Combine(node.Root, "sessions", "a"), recursive: true);
        Mounts.Mount("foreign", node.Target("a"), "tmpfs", MountFlags.None);
        await node.StartAsync();
        Assert.Equal(["sluice:a", "foreign"], node.MountsAt("a").Select(mount => mount.Source), StringComparer.Ordinal);
        Assert.Equal(0, node.Mounter.Counters.ReapedMounts);
    }

    [Fact]
    public async Task A_session_whose_record_is_broken_keeps_its_mounts_until_it_is_unpublished()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        node.Mounter!.Dispose();
        File.WriteAllText(Path.Combine(node.Root, "sessions", "a", "session.json"), "{");
        await node.StartAsync();
        Assert.Empty(await node.Mounter.Sessions.StatusAsync());
        Assert.Single(node.MountsAt("a"));

        await node.Mounter.Sessions.UnpublishAsync("a");
        Assert.Empty(node.MountsAt("a"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(node.Root, "sessions")));
    }

    [Fact]
    public async Task A_session_whose_target_is_gone_is_forgotten()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await node.PublishAsync("a");
        node.Mounter!.Dispose();
        Mounts.Detach(node.Target("a"));
        Directory.Delete(node.Targets, recursive: true); // as after a reboot
        await node.StartAsync();
        Assert.Empty(await node.Mounter.Sessions.StatusAsync());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(node.Root, "sessions")));
    }

    [Fact]
    public async Task One_directory_has_one_mounter()
    {
        using var node = Node.Create();
        await node.StartAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => MounterHost.StartAsync(new(node.Root, node.Targets, TimeSpan.Zero), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance));
    }
}
