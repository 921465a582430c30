using System.Text.Json;
using Sluice.Linux;
using Sluice.Mounter.Sessions;
using Sluice.Session;

namespace Sluice.Mounter.Control;

/// <summary>
/// ROOT/control.sock, for root alone: how sessions are published and removed where no kubelet does it. Each connection has
/// one request, and a thread of its own while it is answered.
/// </summary>
internal sealed class ControlSocket : IDisposable
{
    public const string Name = "control.sock";
    public const int MaxMessage = 16 * 1024; // a target of 4 KiB with every character escaped
    private const int OwnerOnly = 0x180; // 0600

    private readonly FileDescriptor _listener;
    private readonly SessionTable _sessions;
    private readonly SessionEnvironment _environment;
    private readonly SessionLoop.Watch _watch;

    /// <summary>Listens from now on.</summary>
    public ControlSocket(SessionEnvironment environment, SessionTable sessions)
    {
        _environment = environment;
        _sessions = sessions;
        _listener = DirectorySocket.Listen(environment.Directories.Root, Name, OwnerOnly);
        _listener.SetNonBlocking(true);
        _watch = environment.Loop.WatchInput(_listener, Accept);
    }

    /// <summary>On the session loop, while it runs.</summary>
    public void Dispose()
    {
        _watch.Dispose();
        _listener.Dispose();
    }

    private void Accept()
    {
        if (SocketMessages.Accept(_listener) is { } connection)
            new Thread(() => Answer(connection), 256 * 1024) { Name = "control", IsBackground = true }.Start();
    }

    private void Answer(FileDescriptor connection)
    {
        using (connection)
        {
            try
            {
                var buffer = new byte[MaxMessage];
                int length = SocketMessages.Receive(connection, buffer, out var descriptors);
                foreach (var descriptor in descriptors)
                    descriptor.Dispose();
                if (length == 0)
                    return;
                foreach (var reply in Replies(buffer.AsSpan(0, length)))
                    SocketMessages.Send(connection, JsonSerializer.SerializeToUtf8Bytes(reply, MounterJson.Default.ControlReply));
            }
            catch (LinuxException)
            {
                // The asker has gone.
            }
        }
    }

    private IEnumerable<ControlReply> Replies(ReadOnlySpan<byte> message)
    {
        try
        {
            var request = JsonSerializer.Deserialize(message, MounterJson.Default.ControlRequest);
            if (request?.Publish is { } publish)
                _sessions.PublishAsync(publish).GetAwaiter().GetResult();
            else if (request?.Unpublish is { } id)
                _sessions.UnpublishAsync(id).GetAwaiter().GetResult();
            else if (request?.Status is true)
                return [.. _sessions.StatusAsync().GetAwaiter().GetResult().Select(session => new ControlReply(Session: session)), new(Counters: _environment.Counters)];
            else
                return [new("a request is publish, unpublish or status")];
            return [new()];
        }
        catch (Exception e) when (e is JsonException or IOException or ArgumentException or TimeoutException)
        {
            return [new(e.Message)];
        }
    }
}
