using Sluice.Linux;
using Sluice.Session;

namespace Sluice.Mounter.Sessions;

/// <summary>
/// One mount and its life: prepared, mounted when a relay connects, attached when that one serves, kept while relays come
/// and go, closed, removed. The conversation with the relay is in MountSession.Relay.cs. Everything runs on the session
/// loop; nothing here stats, opens or lists anything below the target.
/// </summary>
internal sealed partial class MountSession : IDisposable
{
    private static readonly TimeSpan UnmountPatience = TimeSpan.FromSeconds(10); // within kubelet's own two minutes

    private readonly SessionEnvironment _environment;
    private readonly MountLayers _layers;
    private readonly DescriptorStore _store = new();
    private readonly bool _adopted;
    private SessionRecord _record;
    private SessionListener? _listener;
    private RelayConnection? _relay;
    private IDisposable? _depositLimit;
    private IDisposable? _relayLimit;
    private Task? _removal;
    private bool _attached; // the mount of _record.Connection is at the target
    private bool _closed;
    private bool _serving; // what the relay said last
    private bool _asking; // a look for killed tasks is under way
    private int _maxTransfer; // as the relay's Hello said
    private int _lostMounts;
    private string? _lostWrites;
    private Stats? _stats;
    private IReadOnlyDictionary<string, byte[]>? _secret;

    private MountSession(SessionEnvironment environment, SessionRecord record, bool adopted)
    {
        _environment = environment;
        _record = record;
        _adopted = adopted;
        _layers = new(record.Request);
    }

    /// <summary>As it was asked for, its target without symbolic links.</summary>
    public SessionRequest Request => _record.Request;

    public SessionState State => this switch
    {
        { _depositLimit: not null } => SessionState.AwaitingDeposit,
        { _closed: true, _relay: null } => SessionState.Closed,
        { _attached: true, _relay: null } => SessionState.Waiting,
        { _attached: true } => _serving ? SessionState.Serving : SessionState.Absent,
        { _relay: not null } or { _store.Device: not null } => SessionState.Starting,
        _ => SessionState.Prepared,
    };

    /// <summary>Why the relay's client went last, as the relay said.</summary>
    public string AbsentReason { get; private set; } = "it has not been started";

    public SessionStatus Status => new(
        Request.Id, Request.Target, State, _record.Connection, _relay?.Peer.Pid, _lostMounts, _lostWrites, _stats);

    /// <summary>Covers the target with an empty directory and listens for a relay. Undone when it fails.</summary>
    /// <exception cref="LinuxException">ENOENT: the target's parent is not there. EBUSY: something is mounted at the target.</exception>
    public static MountSession Prepare(SessionEnvironment environment, SessionRequest request)
    {
        string target = Resolved(request.Target);
        bool made = Files.TryMakeDirectory(target, TargetMode);
        var session = new MountSession(environment, new(SessionRecord.CurrentFormat, request with { Target = target }, made, null), adopted: false);
        try
        {
            // The record first: a mount without one would be an orphan for the next mounter.
            environment.Directories.Save(session._record);
            session._layers.MountPlaceholder(MountInfo.ReadAll());
            session.Listen();
            Log.Prepared(environment.Logger, request.Id, target);
            return session;
        }
        catch
        {
            session.Dispose();
            MountLayers.Remove(target, session._layers.IsLayer);
            environment.Directories.Remove(request.Id);
            if (made)
                _ = Files.RemoveDirectory(target);
            throw;
        }
    }

    /// <summary>Takes a session over from a mounter that ended: what is mounted stays, and relays deposit their descriptors.</summary>
    /// <param name="environment">The mounter's.</param>
    /// <param name="id">The session's.</param>
    /// <param name="mounts">What is mounted now.</param>
    /// <exception cref="InvalidDataException">Its record cannot be read: left alone, for its mount may be in use.</exception>
    /// <exception cref="LinuxException">ENOENT: the target is gone, and with it its pod. EBUSY as in <see cref="Prepare"/>.</exception>
    public static MountSession Adopt(SessionEnvironment environment, string id, List<MountInfo> mounts)
    {
        var session = new MountSession(environment, environment.Directories.Load(id), adopted: true);
        try
        {
            session._layers.MountPlaceholder(mounts);
            session._attached = session._record.Connection is { } connection
                && mounts.Exists(m => session._layers.IsLayer(m) && session._layers.IsFuseMount(m) && m.Device.Minor == connection);
            session.Listen();
            session.AwaitRelay();
            Log.Adopted(environment.Logger, id, session.Request.Target, session._attached);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>New credentials for the relay that is there, and for those to come. They are nowhere but in memory.</summary>
    public void SetSecret(IReadOnlyDictionary<string, byte[]>? secret)
    {
        _secret = secret;
        SendSecret();
    }

    /// <summary>
    /// From now on every call on the mount is ENOTCONN, and those that wait end. A relay that connects later gets a fresh
    /// mount on top.
    /// </summary>
    public void Close(string reason)
    {
        Log.Closed(_environment.Logger, Request.Id, reason);
        EndConnections();
        _closed = true;
        Disconnect();
    }

    /// <summary>Closes the session and takes away its mounts, its files and the target that was made for it.</summary>
    /// <exception cref="TimeoutException">An unmount hangs; the session can be removed again.</exception>
    /// <exception cref="LinuxException">EBUSY: something that is not ours is mounted on top; the session can be removed again.</exception>
    public Task RemoveAsync() => _removal is { IsFaulted: false } ? _removal : _removal = RemoveOnceAsync();

    /// <summary>Whether <see cref="RemoveAsync"/> was called: nothing else is to be done with it.</summary>
    public bool IsBeingRemoved => _removal is not null;

    /// <summary>Lets go of everything, as the end of the process does: mounts stay.</summary>
    public void Dispose()
    {
        Disconnect();
        _relayLimit?.Dispose();
        _listener?.Dispose();
        _listener = null;
        _store.Dispose();
    }

    private const int TargetMode = 0x1E8; // 0750, as CSI drivers make it

    private async Task RemoveOnceAsync()
    {
        _listener?.Dispose();
        _listener = null;
        Close("removed");
        _relayLimit?.Dispose();
        string target = Request.Target;
        var isLayer = _layers.IsLayer;
        _ = await _environment.Threads.RunAsync(
            $"umount({target})",
            () =>
            {
                MountLayers.Remove(target, isLayer);
                return true;
            },
            UnmountPatience);
        if (_record.MadeTarget && Files.RemoveDirectory(target) is not (0 or Errno.ENOENT) and var error)
            throw new LinuxException($"rmdir({target})", error);
        _environment.Directories.Remove(Request.Id);
        Log.Removed(_environment.Logger, Request.Id, target);
    }

    private void Listen() => _listener = new(_environment, Request.Id, OnHello);

    /// <summary>Makes a mount and gives it to the relay. Where one was attached, the new one will lie on it.</summary>
    private void MountAfresh(string reason)
    {
        bool lost = _attached;
        EndConnections();
        var (device, mount, connection) = _layers.CreateFuseMount(_maxTransfer);
        _store.Keep(device, mount);
        _closed = false;
        Save(_record with { Connection = connection });
        _environment.Counters.FreshMounts++;
        if (lost)
        {
            _environment.Counters.LostMounts++;
            _lostMounts++;
            Log.MountLost(_environment.Logger, Request.Id, Request.Target, reason, connection);
        }
        else
        {
            Log.Mounted(_environment.Logger, Request.Id, reason, connection);
        }
    }

    /// <summary>The mount appears at its target, for it can answer.</summary>
    private void Attach(FileDescriptor mount)
    {
        // Open: a mount that reads ahead less is slower, and right.
        if (_record.Connection is { } connection && MountLayers.RaiseReadAhead(connection, _maxTransfer) is not 0 and var errno)
            Log.ReadAheadNotRaised(_environment.Logger, Request.Id, errno);
        _layers.Attach(mount);
        _store.Attached();
        _attached = true;
        Log.Attached(_environment.Logger, Request.Id, Request.Target, _record.Connection ?? 0);
    }

    private void EndConnections()
    {
        try
        {
            // The mount table and the descriptor of the detached mount prove that the numbers are this session's.
            IEnumerable<uint> connections = _layers.Connections();
            if (_store.DetachedMount is not null && _record.Connection is { } detached)
                connections = connections.Append(detached);
            foreach (uint connection in connections)
                _ = _environment.Connections.Abort(connection);
        }
        catch (LinuxException e)
        {
            // Open: without fusectl the mount ends with the last duplicate of its descriptor, the relay's perhaps.
            Log.NotAborted(_environment.Logger, Request.Id, e.Message);
        }
        _store.Drop();
        _attached = false;
        Save(_record with { Connection = null });
    }

    private void Save(SessionRecord record)
    {
        if (record == _record)
            return;
        _record = record;
        try
        {
            _environment.Directories.Save(record);
        }
        catch (IOException e)
        {
            // Open: the session goes on. After a restart of the mounter the relay's deposit would not be believed.
            Log.NotSaved(_environment.Logger, Request.Id, e.Message);
        }
    }

    /// <summary>A session whose relay stays away is closed after a time, where the mounter was told so.</summary>
    private void AwaitRelay()
    {
        _relayLimit?.Dispose();
        _relayLimit = null;
        if (_environment.Options.RelayTimeout > TimeSpan.Zero && !_closed)
            _relayLimit = _environment.Loop.After(_environment.Options.RelayTimeout, () => Close($"no relay for {_environment.Options.RelayTimeout.TotalSeconds:0.#} s"));
    }

    /// <summary>As the kernel writes it in the mount table: only the parent may be looked at, the target may be a dead mount.</summary>
    private static string Resolved(string target)
    {
        using var parent = FileDescriptor.Open(Path.GetDirectoryName(target)!, OpenFlags.Path);
        return Path.Join(Files.PathOf(parent), Path.GetFileName(target));
    }
}
