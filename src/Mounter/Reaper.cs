using Sluice.Linux;
using Sluice.Mounter.Sessions;

namespace Sluice.Mounter;

/// <summary>
/// Takes away mounts of ours that no session knows: of a session whose directory was lost, or whose removal ended half way.
/// Ours is what has our type and our source, lies below the directory that this mounter is for, and has no directory
/// among the sessions; a session whose record cannot be read keeps its mounts.
/// </summary>
internal sealed class Reaper(SessionEnvironment environment)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Looks once. Runs on the session loop.</summary>
    public async Task RunAsync()
    {
        // The table first: a session made afterwards has no mount in it.
        var mounts = MountInfo.ReadAll();
        var known = environment.Directories.Ids();
        foreach (var place in Orphans(mounts, environment.Options.ReapBelow, known).GroupBy(mount => mount.MountPoint, StringComparer.Ordinal))
        {
            string sessions = string.Join(", ", place.Select(MountLayers.SessionOf).Distinct(StringComparer.Ordinal));
            try
            {
                _ = await environment.Threads.RunAsync($"umount({place.Key})", () => Reap(place.Key, [.. place], known), Patience);
                environment.Counters.ReapedMounts += place.Count();
                Log.Reaped(environment.Logger, place.Key, sessions);
            }
            catch (Exception e) when (e is TimeoutException or LinuxException)
            {
                // Open: they stay, and the next look tries again.
                Log.NotReaped(environment.Logger, place.Key, e.Message);
            }
        }
    }

    /// <summary>The mounts that are ours and nobody's.</summary>
    internal static IEnumerable<MountInfo> Orphans(IEnumerable<MountInfo> mounts, string below, HashSet<string> known) =>
        mounts.Where(mount => IsOrphan(mount, known) && mount.MountPoint.StartsWith(below.TrimEnd('/') + "/", StringComparison.Ordinal));

    private static bool IsOrphan(MountInfo mount, HashSet<string> known) =>
        mount.Root == "/" && MountLayers.SessionOf(mount) is { } session && SessionRequest.IsId(session) && !known.Contains(session);

    private bool Reap(string mountPoint, IReadOnlyList<MountInfo> orphans, HashSet<string> known)
    {
        // First, for a lazy unmount alone frees nobody who waits for an answer. The table says whose the numbers are now.
        var connections = orphans.Where(mount => mount.Type == MountLayers.FuseType).Select(mount => mount.Device.Minor).ToHashSet();
        foreach (uint connection in MountInfo.ReadAll().Where(m => IsOrphan(m, known) && connections.Contains(m.Device.Minor)).Select(m => m.Device.Minor).Distinct())
            _ = environment.Connections.Abort(connection);
        MountLayers.Remove(mountPoint, mount => mount.MountPoint == mountPoint && IsOrphan(mount, known));
        _ = Files.RemoveDirectory(mountPoint); // stays where it is not empty, or not gone for somebody else
        return true;
    }
}
