using System.Globalization;
using Sluice.Linux;

namespace Sluice.Session;

/// <summary>
/// A socket in a directory whose path may be long: a socket's own path is limited to 107 bytes, and a pod's directory is
/// longer. The way leads through an open descriptor of the directory.
/// </summary>
public static class DirectorySocket
{
    /// <summary>Listens at <paramref name="name"/> in <paramref name="directory"/>; what a dead listener left there is replaced.</summary>
    /// <param name="directory">Writable by nobody else: what lies there under the name is removed.</param>
    /// <param name="name">At most 80 bytes.</param>
    /// <param name="mode">Permission bits: to connect takes the right to write.</param>
    /// <exception cref="LinuxException">The call failed.</exception>
    public static FileDescriptor Listen(string directory, string name, int mode)
    {
        using var opened = FileDescriptor.Open(directory, OpenFlags.Path);
        string path = Through(opened, name);
        var listener = SocketMessages.Listen(path);
        try
        {
            Files.SetMode(path, mode);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Connects to <paramref name="name"/> in <paramref name="directory"/>.</summary>
    /// <exception cref="LinuxException">The call failed: ENOENT and ECONNREFUSED while nobody listens.</exception>
    public static FileDescriptor Connect(string directory, string name)
    {
        using var opened = FileDescriptor.Open(directory, OpenFlags.Path);
        return SocketMessages.Connect(Through(opened, name));
    }

    private static string Through(FileDescriptor directory, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory.Number}/{name}");
}
