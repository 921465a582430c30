using Sluice.Linux;

namespace Sluice.Mounter.Sessions;

/// <summary>
/// The sessions of a node, and what can be asked of them. Every method may be called from any thread: the work is done on
/// the session loop.
/// </summary>
internal sealed class SessionTable : IDisposable
{
    private static readonly TimeSpan ReapEvery = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, MountSession> _sessions = new(StringComparer.Ordinal);
    private readonly SessionEnvironment _environment;
    private readonly Reaper _reaper;

    public SessionTable(SessionEnvironment environment)
    {
        _environment = environment;
        _reaper = new(environment);
        environment.StartGate = new(_sessions);
    }

    /// <summary>Takes over the sessions that lie in the mounter's directory, then looks for mounts without one, now and from time to time. Returns their number.</summary>
    public Task<int> AdoptAsync() => _environment.Loop.InvokeAsync(async () =>
    {
        var mounts = MountInfo.ReadAll(); // once: a node may have thousands
        foreach (string id in _environment.Directories.Ids())
            Adopt(id, mounts);
        await ReapAsync();
        return _sessions.Count;
    });

    /// <summary>Prepares a session. One that is there already and was asked for alike stays as it is, whatever it does now.</summary>
    /// <param name="request">What it is to be.</param>
    /// <param name="secret">Credentials for its relay; those of an earlier call are replaced.</param>
    /// <exception cref="ArgumentException">The request is not well-formed.</exception>
    /// <exception cref="LinuxException">EEXIST: there is another session of that id. EBUSY: it is being removed, or something is mounted at the target. ENOENT: the target's parent is not there.</exception>
    public Task PublishAsync(SessionRequest request, IReadOnlyDictionary<string, byte[]>? secret = null) => _environment.Loop.InvokeAsync(() =>
    {
        if (request.Problem() is { } problem)
            throw new ArgumentException(problem, nameof(request));
        if (!_sessions.TryGetValue(request.Id, out var session))
            _sessions.Add(request.Id, session = MountSession.Prepare(_environment, request));
        else if (session.IsBeingRemoved)
            throw new LinuxException($"publish({request.Id}): the session is being removed", Errno.EBUSY);
        else if (session.Request != request with { Target = session.Request.Target } || Path.GetFileName(session.Request.Target) != Path.GetFileName(request.Target))
            throw new LinuxException($"publish({request.Id}): there is another session of that id at {session.Request.Target}", Errno.EEXIST);
        session.SetSecret(secret);
    });

    /// <summary>Removes a session, its mounts and its directories; what is left of one that could not be taken over too.</summary>
    /// <exception cref="TimeoutException">An unmount hangs. Call again.</exception>
    /// <exception cref="LinuxException">EBUSY: something that is not ours is mounted on top. Call again once it is gone.</exception>
    public Task UnpublishAsync(string id) => _environment.Loop.InvokeAsync(async () =>
    {
        if (!_sessions.TryGetValue(id, out var session))
        {
            if (_environment.Directories.Ids().Contains(id))
                _environment.Directories.Remove(id);
            await _reaper.RunAsync(); // its mounts are nobody's now
            return false;
        }
        await session.RemoveAsync();
        if (_sessions.GetValueOrDefault(id) == session) // another call may have been faster, and another session come
            _sessions.Remove(id);
        session.Dispose();
        return true;
    });

    public Task<IReadOnlyList<SessionStatus>> StatusAsync() => _environment.Loop.InvokeAsync<IReadOnlyList<SessionStatus>>(
        () => Task.FromResult<IReadOnlyList<SessionStatus>>([.. _sessions.Values.Select(session => session.Status)]));

    /// <summary>Lets go of every session; mounts stay.</summary>
    public void Dispose() => _environment.Loop.InvokeAsync(() =>
    {
        foreach (var session in _sessions.Values)
            session.Dispose();
        _sessions.Clear();
    }).Wait();

    private void Adopt(string id, List<MountInfo> mounts)
    {
        try
        {
            _sessions.Add(id, MountSession.Adopt(_environment, id, mounts));
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            Log.Forgotten(_environment.Logger, id);
            _environment.Directories.Remove(id);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            // Open: its mount may serve a running pod. Nothing is done to it until somebody looks.
            Log.NotAdopted(_environment.Logger, id, e.Message);
        }
    }

    private async Task ReapAsync()
    {
        try
        {
            await _reaper.RunAsync();
        }
        catch (Exception e)
        {
            // Open: the next look is due all the same.
            Log.StepFailed(_environment.Logger, e);
        }
        _environment.Loop.After(ReapEvery, () => _ = ReapAsync());
    }
}
