using Sluice.Linux;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.Tests.Fuse;

/// <summary>What the kernel itself says.</summary>
public sealed unsafe class FuseDeviceTests
{
    [Fact]
    public void The_kernel_tells_whether_it_waits_for_an_answer()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/dev/fuse"), "needs root and /dev/fuse");
        using var file = FileDescriptor.Open("/dev/fuse", OpenFlags.ReadWrite);
        using var mount = Mounts.CreateDetached("fuse", FuseMountOptions.Of(file, "test", 1 << 17), FuseMountOptions.Attributes(readOnly: true, noExec: true));
        using var device = new FuseDevice(file);
        byte* buffer = stackalloc byte[1 << 17];
        Assert.InRange(device.Read(buffer, 1 << 17), InHeader.Size, 1 << 17);
        var init = *(InHeader*)buffer;
        Assert.Equal(Opcode.Init, init.Opcode);
        for (int i = 0; i < 2; i++)
            Assert.True(device.IsWaitedFor(init.Unique)); // the question answers nothing
        Assert.False(device.IsWaitedFor(init.Unique + 1000));
        var reply = new InitOut { Major = 7, Minor = 31, MaxWrite = 1 << 17 };
        Assert.Equal(0, device.Reply(init.Unique, &reply, InitOut.Size));
        Assert.False(device.IsWaitedFor(init.Unique));
        Assert.Equal(-Errno.ENOENT, device.Reply(init.Unique, &reply, InitOut.Size));
    }
}
