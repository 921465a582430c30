using Sluice.Linux;

namespace Sluice.Mounter.Sessions;

/// <summary>
/// The mounts of one session at its target: the placeholder below, FUSE mounts above it, the newest on top. All of them
/// have the session's id as their source, by which they are known in the kernel's mount table.
/// </summary>
internal sealed class MountLayers(SessionRequest request)
{
    /// <summary>FUSE mounts of one session, dead ones included: each takes from the node's limit of mounts (fs.mount-max).</summary>
    public const int MaxFuseLayers = 8; // arbitrary

    public const string FuseType = "fuse.sluice";
    public const string PlaceholderType = "tmpfs";
    private const string SourcePrefix = "sluice:";
    private const int MaxRead = 1024 * 1024; // the kernel's own limit of a FUSE request (FUSE_MAX_MAX_PAGES)
    private const int DefaultMaxRead = 128 * 1024;

    private string Source => SourcePrefix + request.Id;

    /// <summary>The session whose layer a mount is; null where it is none of ours.</summary>
    public static string? SessionOf(MountInfo mount) =>
        mount.Type is FuseType or PlaceholderType && mount.Source.StartsWith(SourcePrefix, StringComparison.Ordinal)
            ? mount.Source[SourcePrefix.Length..]
            : null;

    /// <summary>Whether a mount is one of this session's FUSE mounts, at its target or shown elsewhere too.</summary>
    public bool IsFuseMount(MountInfo mount) => mount.Type == FuseType && mount.Source == Source;

    /// <summary>Whether a mount is one of this session's at its target.</summary>
    public bool IsLayer(MountInfo mount) =>
        mount.MountPoint == request.Target && mount.Root == "/" && mount.Source == Source && mount.Type is FuseType or PlaceholderType;

    /// <summary>Covers the target with an empty directory, unless a layer of this session is there already.</summary>
    /// <param name="mounts">What is mounted now.</param>
    /// <exception cref="LinuxException">The call failed; EBUSY: something else is mounted there.</exception>
    public void MountPlaceholder(List<MountInfo> mounts)
    {
        if (mounts.Exists(IsLayer))
            return;
        if (MountInfo.Top(mounts, request.Target) is { } top)
            throw new LinuxException($"mount(tmpfs, {request.Target}): {top.Type} of {top.Source} is mounted there", Errno.EBUSY);
        Mounts.Mount(
            Source,
            request.Target,
            PlaceholderType,
            MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec,
            "mode=0755,size=4k,nr_inodes=2");
    }

    /// <summary>Makes a FUSE mount that hangs nowhere yet, and its device. The kernel's INIT waits in the device.</summary>
    /// <param name="maxTransfer">As the relay's Hello says; 0 for no opinion.</param>
    /// <exception cref="LinuxException">A call failed.</exception>
    public (FileDescriptor Device, FileDescriptor Mount, uint Connection) CreateFuseMount(int maxTransfer)
    {
        var device = FileDescriptor.Open("/dev/fuse", OpenFlags.ReadWrite);
        FileDescriptor? mount = null;
        try
        {
            mount = Mounts.CreateDetached(
                "fuse",
                FuseMountOptions.Of(device, Source, LargestRead(maxTransfer), request.Uid, request.Gid),
                FuseMountOptions.Attributes(request.ReadOnly, request.NoExec));
            return (device, mount, FileStatus.Of(mount).Holder.Minor);
        }
        catch
        {
            mount?.Dispose();
            device.Dispose();
            throw;
        }
    }

    /// <summary>Lets the kernel read ahead through a mount that serves. Returns 0 or the error number.</summary>
    /// <param name="connection">The mount's.</param>
    /// <param name="maxTransfer">As for <see cref="CreateFuseMount"/>.</param>
    public static int RaiseReadAhead(uint connection, int maxTransfer) => ReadAhead.Raise(connection, LargestRead(maxTransfer));

    /// <summary>Puts a mount on top of the target's layers.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    public void Attach(FileDescriptor mount)
    {
        // All below the new one are dead: their connections were ended before it was made.
        while (MountInfo.ReadAll() is var mounts
            && mounts.Count(m => IsLayer(m) && IsFuseMount(m)) >= MaxFuseLayers
            && MountInfo.Top(mounts, request.Target) is { } top && IsLayer(top))
        {
            _ = Mounts.Detach(request.Target);
        }
        Mounts.Attach(mount, request.Target);
    }

    /// <summary>
    /// The connections of this session's mounts. A number is only worth something as long as a mount has it: the kernel
    /// gives it to somebody else afterwards.
    /// </summary>
    public IReadOnlyList<uint> Connections() => [.. MountInfo.ReadAll().Where(IsFuseMount).Select(m => m.Device.Minor).Distinct()];

    /// <summary>Takes every layer away, top first. Their connections are ended already, so that nothing waits for an answer; it may hang for other reasons.</summary>
    /// <exception cref="LinuxException">EBUSY: something that is not ours is mounted on top of a layer.</exception>
    public static void Remove(string target, Func<MountInfo, bool> isOurs)
    {
        while (MountInfo.ReadAll() is var mounts && MountInfo.Top(mounts, target) is { } top)
        {
            if (!isOurs(top))
            {
                if (mounts.Exists(m => m.MountPoint == target && isOurs(m)))
                    throw new LinuxException($"umount({target}): {top.Type} of {top.Source} is mounted on top", Errno.EBUSY);
                return;
            }
            if (!Mounts.Detach(target))
                return;
        }
    }

    /// <summary>A power of two that leaves room for the header.</summary>
    private static int LargestRead(int maxTransfer) => maxTransfer == 0
        ? DefaultMaxRead
        : Math.Clamp((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)maxTransfer + 1) / 2, 4096, MaxRead);
}
