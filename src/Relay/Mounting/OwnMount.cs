using Sluice.Linux;

namespace Sluice.Relay.Mounting;

/// <summary>
/// A mount of this process's own: <c>sluice-relay mount</c>, as root and without a mounter. It outlives its clients and not
/// the relay.
/// </summary>
/// <param name="directory">Where it appears once a client answers.</param>
/// <param name="readOnly">A flag of the mount itself.</param>
/// <param name="maxTransfer">Bytes of the largest read.</param>
internal sealed class OwnMount(string directory, bool readOnly, int maxTransfer) : IMountKeeper
{
    private const int SendBuffer = 4 << 20; // two large messages in each direction and what the kernel counts beside them
    private FileDescriptor? _mount;
    private bool _attached;

    public KeptMount Obtain(bool knowsState, uint epoch)
    {
        var device = FileDescriptor.Open("/dev/fuse", OpenFlags.ReadWrite);
        try
        {
            _mount = Mounts.CreateDetached("fuse", FuseMountOptions.Of(device, "sluice", maxTransfer), FuseMountOptions.Attributes(readOnly, noExec: false));
            return new(device, Resumed: false, MountId: 0);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    public (FileDescriptor Relay, FileDescriptor Client) NextPair()
    {
        var pair = SocketMessages.CreatePair();
        SocketMessages.SetSendBuffer(pair.First, SendBuffer);
        SocketMessages.SetSendBuffer(pair.Second, SendBuffer);
        return pair;
    }

    public void Serving(uint epoch)
    {
        if (_attached)
            return;
        _ = ReadAhead.Raise(FileStatus.Of(_mount!).Holder.Minor, maxTransfer); // open: slower without
        Mounts.Attach(_mount!, directory);
        _attached = true;
    }

    public void Absent(string reason)
    {
    }

    public IReadOnlyList<uint> Killed(IReadOnlyList<uint> pids)
    {
        var killed = new List<uint>();
        foreach (uint pid in pids)
        {
            if (PendingSignals.HasKill(pid))
                killed.Add(pid);
        }
        return killed;
    }

    public void Report(SessionStatus status)
    {
    }

    public void Closing()
    {
    }

    public void Goodbye(string lost) => Dispose();

    public void Dispose()
    {
        if (_attached)
            Mounts.Detach(directory);
        _attached = false;
        _mount?.Dispose();
    }
}
