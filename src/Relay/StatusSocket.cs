using System.Text.Json;
using Sluice.Linux;

namespace Sluice.Relay;

/// <summary>
/// Tells whoever may open the relay's private directory how the session is: one connection, one JSON object of at most
/// 8 KiB. <c>sluice-relay status</c> asks it.
/// </summary>
internal sealed class StatusSocket : IDisposable
{
    public const string Name = "status.sock";
    public const int MaxLength = 8192;

    private readonly string _path;
    private readonly RelaySession _session;
    private readonly string _dataset;
    private readonly FileDescriptor _listener;
    private readonly Thread _thread;
    private volatile bool _ended;

    public StatusSocket(string directory, RelaySession session, string dataset)
    {
        (_path, _session, _dataset) = (Path.Combine(directory, Name), session, dataset);
        _listener = SocketMessages.Listen(_path);
        _thread = new Thread(Serve, 256 << 10) { IsBackground = true, Name = "status" };
        _thread.Start();
    }

    public void Dispose()
    {
        _ended = true;
        SocketMessages.Shutdown(_listener);
        _thread.Join();
        _listener.Dispose();
        File.Delete(_path);
    }

    private void Serve()
    {
        while (!_ended)
        {
            try
            {
                using var connection = SocketMessages.Accept(_listener);
                if (connection is not null)
                    SocketMessages.Send(connection, Report());
            }
            catch (LinuxException)
            {
                // Shut down, or a caller that left before its answer.
            }
        }
    }

    private byte[] Report()
    {
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            var now = _session.Now();
            json.WriteStartObject();
            json.WriteString("dataset"u8, _dataset);
            json.WriteString("state"u8, now.ClientId is null ? "Recovering" : "Serving");
            if (now.ClientId is { } client)
                json.WriteNumber("clientPid"u8, client);
            json.WriteNumber("clientRestarts"u8, now.ClientRestarts);
            json.WriteNumber("lastRecoveryMs"u8, Math.Round(now.LastRecovery.TotalMilliseconds, 3));
            json.WriteNumber("openFiles"u8, now.OpenFiles);
            json.WriteNumber("knownFiles"u8, now.KnownFiles);
            json.WriteNumber("inFlight"u8, now.InFlight);
            json.WriteNumber("requests"u8, now.Counters.Requests);
            json.WriteNumber("reads"u8, now.Counters.Reads);
            json.WriteNumber("bytesRead"u8, now.Counters.BytesRead);
            json.WriteNumber("writes"u8, now.Counters.Writes);
            json.WriteNumber("bytesWritten"u8, now.Counters.BytesWritten);
            json.WriteNumber("journalBytes"u8, now.JournalBytes);
            json.WriteNumber("journalPeakBytes"u8, now.JournalPeakBytes);
            json.WriteNumber("journalFull"u8, now.Counters.JournalFull);
            json.WriteNumber("replayedWrites"u8, now.Counters.ReplayedWrites);
            json.WriteNumber("replayedBytes"u8, now.Counters.ReplayedBytes);
            json.WriteNumber("filesLost"u8, now.Counters.FilesLost);
            json.WriteNumber("violations"u8, now.Counters.Violations);
            json.WriteNumber("answeredInPlace"u8, now.Counters.AnsweredInPlace);
            json.WriteString("lastLines"u8, Cut(now.LastLines));
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    /// <summary>The end of what the client said, short enough for one message however it is escaped.</summary>
    private static string Cut(string lines) => lines.Length > 1024 ? lines[^1024..] : lines;
}
