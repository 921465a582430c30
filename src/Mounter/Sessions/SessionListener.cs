using Sluice.Linux;
using Sluice.Session;

namespace Sluice.Mounter.Sessions;

/// <summary>
/// The socket of one session: takes connections, waits for their Hello and hands them on. What says nothing, or too much,
/// is bounded: few connections at a time, a moment for the Hello, no more connections than a restarting relay makes.
/// </summary>
internal sealed class SessionListener : IDisposable
{
    private const int MaxSilent = 4; // connections that have not said Hello yet; arbitrary
    private const int Burst = 50; // connections at once; arbitrary
    private const int PerSecond = 20;
    private const int EveryoneMayConnect = 0x1B6; // 0666: who may is decided by who sees the directory
    private static readonly TimeSpan HelloLimit = TimeSpan.FromSeconds(5);

    private readonly SessionEnvironment _environment;
    private readonly string _sessionId;
    private readonly Action<RelayConnection, Hello> _greeted;
    private readonly FileDescriptor _socket;
    private readonly SessionLoop.Watch _watch;
    private readonly TokenBucket _connections = new(Burst, PerSecond);
    private readonly Dictionary<RelayConnection, IDisposable> _silent = [];

    /// <summary>Listens in the session's directory.</summary>
    /// <param name="environment">The mounter's.</param>
    /// <param name="sessionId">Whose socket it is.</param>
    /// <param name="greeted">Gets each connection with its Hello, and owns it.</param>
    /// <exception cref="LinuxException">The socket cannot be made.</exception>
    public SessionListener(SessionEnvironment environment, string sessionId, Action<RelayConnection, Hello> greeted)
    {
        _environment = environment;
        _sessionId = sessionId;
        _greeted = greeted;
        _socket = DirectorySocket.Listen(environment.Directories.SocketDirectory(sessionId), SessionProtocol.SocketName, EveryoneMayConnect);
        _socket.SetNonBlocking(true);
        _watch = environment.Loop.WatchInput(_socket, OnReady);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _environment.ForeignDescriptors.Close(_socket); // with connections that were not accepted, and what lies in them
        foreach (var (connection, limit) in _silent)
        {
            limit.Dispose();
            connection.Dispose();
        }
        _silent.Clear();
    }

    private void OnReady()
    {
        if (_silent.Count >= MaxSilent)
            _watch.Pause(); // until one of them speaks or goes
        else if (!_connections.TryTake())
            _watch.PauseFor(_connections.Refill);
        else if (SocketMessages.Accept(_socket) is { } socket)
            AwaitHello(socket);
    }

    private void AwaitHello(FileDescriptor socket)
    {
        var connection = new RelayConnection(_environment, _sessionId, socket);
        _silent.Add(connection, _environment.Loop.After(HelloLimit, () =>
        {
            Log.NoHello(_environment.Logger, _sessionId, connection.Peer.Pid);
            Forget(connection);
            connection.Dispose();
        }));
        connection.Ended = () => Forget(connection);
        connection.Received = (message, descriptors) =>
        {
            if (message is Hello hello)
            {
                Forget(connection);
                _greeted(connection, hello);
                return;
            }
            _environment.ForeignDescriptors.Close(descriptors);
            connection.Send(message is ServedQuery query && _environment.StartGate is { } gate
                ? new ServedAnswer(gate.WaitingFor(_sessionId, query.Datasets))
                : new Error(Errno.EPROTO, $"{message.GetType().Name} before Hello"));
        };
    }

    private void Forget(RelayConnection connection)
    {
        if (_silent.Remove(connection, out var limit))
            limit.Dispose();
        _watch.Resume();
    }
}
