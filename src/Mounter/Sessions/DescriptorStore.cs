using Sluice.Linux;

namespace Sluice.Mounter.Sessions;

/// <summary>
/// The descriptors that a session's relay works with, kept for the next one: as long as a duplicate of the device is open
/// somewhere, the kernel does not notice that a relay died. It owns what is in it.
/// </summary>
internal sealed class DescriptorStore : IDisposable
{
    /// <summary>/dev/fuse of the session's current mount; null when there is none, or its descriptor is not here.</summary>
    public FileDescriptor? Device { get; private set; }

    /// <summary>The current mount while it is not attached; closing it undoes it.</summary>
    public FileDescriptor? DetachedMount { get; private set; }

    /// <summary>Whether the kernel still has a connection for a device: it may have been ended through fusectl, or its mount taken away by hand.</summary>
    public static bool IsAlive(FileDescriptor device)
    {
        Span<PollEntry> entries = [new(device.Number, PollEvents.None)];
        return Poll.Wait(entries, 0) == 0; // POLLERR otherwise: fuse_dev_poll
    }

    /// <summary>Keeps a fresh mount instead of what was there.</summary>
    public void Keep(FileDescriptor device, FileDescriptor detachedMount)
    {
        Drop();
        (Device, DetachedMount) = (device, detachedMount);
    }

    /// <summary>Keeps the device of a mount that is attached.</summary>
    public void Keep(FileDescriptor device)
    {
        Drop();
        Device = device;
    }

    /// <summary>The mount is attached now: the kernel's tree of mounts holds it, and this descriptor would keep it from being unmounted.</summary>
    public void Attached()
    {
        DetachedMount?.Dispose();
        DetachedMount = null;
    }

    public void Drop()
    {
        Attached();
        Device?.Dispose();
        Device = null;
    }

    /// <summary>Socket pairs for a relay as a message carries them, both ends sized for large FUSE messages. The caller's.</summary>
    /// <param name="count">How many pairs.</param>
    /// <param name="sendBuffer">Bytes granted for each end.</param>
    /// <exception cref="LinuxException">A call failed.</exception>
    public static FileDescriptor[] CreatePairs(int count, out int sendBuffer)
    {
        var ends = new List<FileDescriptor>();
        sendBuffer = int.MaxValue;
        try
        {
            for (int i = 0; i < count; i++)
            {
                var (relay, client) = SocketMessages.CreatePair();
                ends.Add(relay);
                ends.Add(client);
                sendBuffer = Math.Min(sendBuffer, SocketMessages.SetSendBuffer(relay, SendBuffer));
                sendBuffer = Math.Min(sendBuffer, SocketMessages.SetSendBuffer(client, SendBuffer));
            }
            return [.. ends];
        }
        catch
        {
            ends.ForEach(end => end.Dispose());
            throw;
        }
    }

    public void Dispose() => Drop();

    private const int SendBuffer = 4 * 1024 * 1024; // a message of 4,263,616 bytes passes; what lies in it counts as the sender's memory
}
