using System.Text.Json;
using Sluice.Linux;
using Sluice.Session;

namespace Sluice.Mounter.Control;

/// <summary>The command line's end of the control socket.</summary>
internal static class ControlClient
{
    /// <summary>Asks the daemon of a directory; gives its answer message by message.</summary>
    /// <exception cref="LinuxException">No daemon serves the directory.</exception>
    public static IEnumerable<ControlReply> Ask(string root, ControlRequest request)
    {
        using var connection = DirectorySocket.Connect(root, ControlSocket.Name);
        SocketMessages.Send(connection, JsonSerializer.SerializeToUtf8Bytes(request, MounterJson.Default.ControlRequest));
        var buffer = new byte[ControlSocket.MaxMessage];
        while (SocketMessages.Receive(connection, buffer, out _) is > 0 and var length)
            yield return JsonSerializer.Deserialize(buffer.AsSpan(0, length), MounterJson.Default.ControlReply)!;
    }
}
