using Sluice.Linux;

namespace Sluice.Relay.Fuse;

/// <summary>
/// The kernel's end: /dev/fuse of one mount. Each call is one system call; what the kernel no longer wants (ENOENT: the task
/// was killed, or the request answered before) is no error.
/// </summary>
internal unsafe class FuseDevice(FileDescriptor device) : IDisposable
{
    private readonly int _fd = device.Number;

    public FileDescriptor Descriptor => device;

    /// <summary>The next request, at its place in shared memory; or the negative error number: -ENODEV once the mount is gone.</summary>
    public int Read(byte* buffer, int length) => Transfers.Read(_fd, buffer, length);

    /// <summary>Whether a request waits.</summary>
    public bool HasRequest() => Poll.Wait(device, PollEvents.In, 0);

    /// <summary>One reply, header first. Returns 0 or the negative error number.</summary>
    public int Reply(byte* message, int length)
    {
        var part = new IoVector { Base = message, Length = (nuint)length };
        return Write(&part, 1);
    }

    /// <summary>A reply without a body.</summary>
    /// <param name="unique">The request's.</param>
    /// <param name="errno">0 or a positive error number.</param>
    public int Reply(ulong unique, int errno)
    {
        var header = new OutHeader { Len = OutHeader.Size, Error = -errno, Unique = unique };
        return Reply((byte*)&header, OutHeader.Size);
    }

    /// <summary>A reply with a body.</summary>
    public int Reply(ulong unique, void* body, int length)
    {
        var header = new OutHeader { Len = (uint)(OutHeader.Size + length), Unique = unique };
        var parts = stackalloc IoVector[2];
        parts[0] = new() { Base = (byte*)&header, Length = OutHeader.Size };
        parts[1] = new() { Base = (byte*)body, Length = (nuint)length };
        return Write(parts, 2);
    }

    /// <summary>
    /// Whether the kernel waits for the answer to a request that was read. It is asked by the answer to an INTERRUPT of it,
    /// which does nothing where it waits and is ENOENT where not (fuse_dev_do_write).
    /// </summary>
    public bool IsWaitedFor(ulong unique) => Reply(unique | FuseAbi.InterruptUnique, 0) != -Errno.ENOENT;

    /// <summary>Asks the kernel to send again what it has no answer to (Linux 6.9). Returns 0 or the negative error number.</summary>
    public int Resend()
    {
        var header = new OutHeader { Len = OutHeader.Size, Error = (int)NotifyCode.Resend };
        return Reply((byte*)&header, OutHeader.Size);
    }

    public void Dispose() => device.Dispose();

    /// <summary>One message in parts. Returns 0 or the negative error number.</summary>
    protected virtual int Write(IoVector* parts, int count)
    {
        int written = count == 1 ? Transfers.Write(_fd, parts->Base, (int)parts->Length) : Transfers.Write(_fd, parts, count);
        return written < 0 ? written : 0;
    }
}
