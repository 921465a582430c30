using System.Text.Json;
using Sluice.Linux;
using Sluice.Session;

namespace Sluice.Mounter.Sessions;

/// <summary>
/// The mounter's directory on the node: ROOT/sessions/ID/session.json and ROOT/sessions/ID/socket/session.sock. Only the
/// socket's directory is shown to a pod.
/// </summary>
internal sealed class HostDirectories
{
    private const int PrivateDirectory = 0x1C0; // 0700: whoever reaches a session's socket owns the session
    private const int SharedDirectory = 0x1ED; // 0755
    private const int MaxRecord = 64 * 1024; // arbitrary, far above what is ever written

    private readonly string _sessions;

    /// <summary>Makes the directories that are not there.</summary>
    /// <exception cref="LinuxException">They cannot be made.</exception>
    public HostDirectories(string root)
    {
        Root = root;
        _sessions = Path.Combine(root, "sessions");
        _ = Files.TryMakeDirectory(root, PrivateDirectory);
        _ = Files.TryMakeDirectory(_sessions, PrivateDirectory);
    }

    public string Root { get; }

    public string SocketDirectory(string id) => Path.Combine(_sessions, id, "socket");

    /// <summary>The ids of all sessions, whether their records can be read or not.</summary>
    public HashSet<string> Ids() => [.. Directory.EnumerateDirectories(_sessions).Select(path => Path.GetFileName(path)).Where(SessionRequest.IsId)];

    /// <summary>Reads a session's record.</summary>
    /// <exception cref="InvalidDataException">It is missing or broken.</exception>
    public SessionRecord Load(string id)
    {
        try
        {
            using var file = File.OpenRead(RecordFile(id));
            if (file.Length > MaxRecord)
                throw new InvalidDataException($"{RecordFile(id)}: longer than {MaxRecord} bytes");
            var record = JsonSerializer.Deserialize(file, MounterJson.Default.SessionRecord);
            if (record is not { Format: SessionRecord.CurrentFormat, Request: not null } || record.Request.Id != id || record.Request.Problem() is not null)
                throw new InvalidDataException($"{RecordFile(id)}: not a record of this session");
            return record;
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidDataException($"{RecordFile(id)}: {e.Message}", e);
        }
    }

    /// <summary>Writes a session's record, whole or not at all, and makes its directories where they are not there.</summary>
    public void Save(SessionRecord record)
    {
        string id = record.Request.Id;
        _ = Files.TryMakeDirectory(Path.Combine(_sessions, id), PrivateDirectory);
        _ = Files.TryMakeDirectory(SocketDirectory(id), SharedDirectory);
        string next = RecordFile(id) + ".next";
        File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(record, MounterJson.Default.SessionRecord));
        File.Move(next, RecordFile(id), overwrite: true);
    }

    /// <summary>Removes a session's files. Nothing else is removed: a directory that holds more stays, and is an error.</summary>
    /// <exception cref="LinuxException">A directory could not be removed.</exception>
    public void Remove(string id)
    {
        // The record last: as long as it is there, the next start finds the session and can remove it again.
        Delete(Path.Combine(SocketDirectory(id), SessionProtocol.SocketName));
        RemoveDirectory(SocketDirectory(id));
        Delete(RecordFile(id) + ".next");
        Delete(RecordFile(id));
        RemoveDirectory(Path.Combine(_sessions, id));
    }

    private string RecordFile(string id) => Path.Combine(_sessions, id, "session.json");

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // An earlier attempt came further.
        }
    }

    private static void RemoveDirectory(string path)
    {
        int error = Files.RemoveDirectory(path);
        if (error is not (0 or Errno.ENOENT))
            throw new LinuxException($"rmdir({path})", error);
    }
}
