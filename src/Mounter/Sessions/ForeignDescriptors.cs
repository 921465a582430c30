using Sluice.Linux;

namespace Sluice.Mounter.Sessions;

/// <summary>
/// Closes descriptors that a pod gave, or may have left in a socket. close(2) is not harmless there: for a file of a FUSE
/// mount it sends FLUSH and waits for the answer, unkillably, and a TCP socket may linger. A pod that serves the mount
/// itself could stop the mounter with one message.
/// </summary>
internal sealed class ForeignDescriptors(SessionEnvironment environment)
{
    private const int MaxHanging = 32; // arbitrary: closes that hang at once
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly LosableThreads _threads = new(MaxHanging);
    private readonly List<FileDescriptor> _abandoned = []; // the loop's own; never closed, never finalized

    /// <summary>Closes them, on a thread that may be lost unless they are known to close at once. They are not to be used any more.</summary>
    public void Close(params ReadOnlySpan<FileDescriptor> descriptors)
    {
        var doubtful = new List<FileDescriptor>();
        foreach (var descriptor in descriptors)
        {
            if (descriptor.IsClosed)
                continue;
            if (FileStatus.Of(descriptor).IsFuseDevice)
                descriptor.Dispose();
            else
                doubtful.Add(descriptor);
        }
        if (doubtful.Count > 0)
            CloseDoubtful(doubtful);
    }

    private async void CloseDoubtful(List<FileDescriptor> descriptors)
    {
        var connections = descriptors.Select(descriptor => FileStatus.Of(descriptor).Holder).Where(device => device.Major == 0).Select(device => device.Minor).ToHashSet();
        bool started = false;
        try
        {
            _ = await _threads.RunAsync(
                "close of a pod's descriptors",
                () =>
                {
                    Volatile.Write(ref started, true);
                    descriptors.ForEach(descriptor => descriptor.Dispose());
                    return true;
                },
                Patience);
        }
        catch (TimeoutException e)
        {
            environment.Counters.LostCalls++;
            Log.CallLost(environment.Logger, e.Message);
            if (!Volatile.Read(ref started))
            {
                descriptors.ForEach(GC.SuppressFinalize); // the finalizer would hang in our place
                _abandoned.AddRange(descriptors);
            }
            EndMountsThatHoldUp(connections);
        }
    }

    /// <summary>
    /// A mounter with a thread in FLUSH cannot even be killed. Whoever answers for the mount does not: where it is one of
    /// our sessions', it ends.
    /// </summary>
    private void EndMountsThatHoldUp(HashSet<uint> connections)
    {
        foreach (uint connection in MountInfo.ReadAll().Where(m => m.Type == MountLayers.FuseType && connections.Contains(m.Device.Minor)).Select(m => m.Device.Minor).Distinct())
        {
            Log.MountHeldUp(environment.Logger, connection);
            _ = environment.Connections.Abort(connection);
        }
    }
}
