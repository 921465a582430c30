using System.Text;

namespace Sluice.Mounter.Tests;

public sealed class MountInfoTests
{
    [Fact]
    public void A_fuse_mount_is_read()
    {
        var mount = Parse("42 27 0:39 / /tmp/fi/m rw,nosuid,nodev,relatime - fuse.sluice sluice:abc rw,user_id=0,group_id=0,default_permissions,allow_other,max_read=131072");
        Assert.Equal(new MountInfo(42, 27, (0, 39), "/", "/tmp/fi/m", "fuse.sluice", "sluice:abc"), mount);
    }

    [Fact]
    public void Optional_fields_are_passed_over_however_many_there_are()
    {
        var mount = Parse("36 35 98:0 /mnt1 /mnt2 rw,noatime shared:7 master:1 propagate_from:2 unbindable - ext3 /dev/root rw,errors=continue");
        Assert.Equal(new MountInfo(36, 35, (98, 0), "/mnt1", "/mnt2", "ext3", "/dev/root"), mount);
    }

    [Theory]
    [InlineData(@"/a\040b", "/a b")]
    [InlineData(@"/a\011b\012c\134d", "/a\tb\nc\\d")]
    [InlineData(@"/a\134040b", @"/a\040b")] // a name that looks like an escape
    [InlineData(@"/\303\244", "/ä")]
    [InlineData("/a\rb", "/a\rb")] // not escaped by the kernel
    [InlineData(@"/a\9", @"/a\9")]
    public void Octal_escapes_are_undone(string written, string path) =>
        Assert.Equal(path, Parse($"1 2 0:3 / {written} rw - tmpfs none rw")?.MountPoint);

    [Fact]
    public void A_source_may_be_empty_or_escaped()
    {
        Assert.Equal("", Parse("1 2 0:3 / /a rw - fuse  rw,user_id=0")?.Source);
        Assert.Equal("#1 x", Parse(@"1 2 0:3 / /a rw - fuse \0431\040x rw")?.Source);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 2")]
    [InlineData("x 2 0:3 / /a rw - tmpfs none rw")]
    [InlineData("1 2 03 / /a rw - tmpfs none rw")]
    [InlineData("1 2 0:3 / /a rw shared:1 tmpfs none rw")]
    public void What_is_no_line_is_none(string line) => Assert.Null(Parse(line));

    [Fact]
    public void The_top_of_stacked_mounts_is_the_one_that_nothing_lies_on()
    {
        // The kernel lists by id, and a detached mount may be older than what it was put on.
        MountInfo[] mounts =
        [
            new(30, 29, (0, 30), "/", "/a", "fuse.sluice", "sluice:x"),
            new(29, 31, (0, 29), "/", "/a", "tmpfs", "sluice:x"),
            new(31, 1, (0, 31), "/", "/a", "ext4", "/dev/b"),
            new(40, 30, (0, 40), "/", "/a/b", "tmpfs", "none"),
        ];
        Assert.Equal(30, MountInfo.Top(mounts, "/a")?.Id);
        Assert.Equal(40, MountInfo.Top(mounts, "/a/b")?.Id);
        Assert.Null(MountInfo.Top(mounts, "/b"));
    }

    [Fact]
    public void The_table_of_this_process_has_a_root() => Assert.Contains(MountInfo.ReadAll(), mount => mount.MountPoint == "/");

    private static MountInfo? Parse(string line) => MountInfo.Parse(Encoding.UTF8.GetBytes(line));
}
