using Sluice.Linux;
using Sluice.Session;

namespace Sluice.Mounter.Sessions;

/// <summary>
/// One connection of a relay, which may be anything that reached the socket: messages are read no faster than a relay has
/// reason to send them, a peer that does not read its answers is disconnected, and no message ends more than the connection.
/// </summary>
internal sealed class RelayConnection : IDisposable
{
    private const int Burst = 200; // a relay with an interrupt storm asks about killed tasks, in batches
    private const int PerSecond = 100;

    private readonly SessionEnvironment _environment;
    private readonly string _sessionId;
    private readonly SessionChannel _channel;
    private readonly SessionLoop.Watch _watch;
    private readonly TokenBucket _messages = new(Burst, PerSecond);
    private readonly TokenBucket _complaints = new(5, 1); // lines in the log that the peer can cause
    private bool _ended;

    /// <summary>Owns <paramref name="socket"/>.</summary>
    public RelayConnection(SessionEnvironment environment, string sessionId, FileDescriptor socket)
    {
        _environment = environment;
        _sessionId = sessionId;
        _channel = new(socket, Discard);
        socket.SetNonBlocking(true);
        Peer = SocketMessages.Peer(socket);
        _watch = environment.Loop.WatchInput(socket, OnReady);
    }

    /// <summary>As the kernel saw it when it connected: for the log.</summary>
    public (int Pid, int Uid, int Gid) Peer { get; }

    /// <summary>Gets each message, and the descriptors beside it, which it owns.</summary>
    public Action<Message, FileDescriptor[]>? Received { get; set; }

    /// <summary>The connection is over, by the peer's doing or for what it did; not after <see cref="Dispose"/>.</summary>
    public Action Ended { get; set; } = static () => { };

    /// <summary>Sends a message. What cannot be sent ends the connection later on, never the caller.</summary>
    public void Send(Message message, params ReadOnlySpan<FileDescriptor> descriptors)
    {
        if (_ended)
            return;
        try
        {
            _channel.Send(message, descriptors);
        }
        catch (LinuxException e)
        {
            // EAGAIN: some two hundred kilobytes of answers lie there unread.
            if (e.Errno == Errno.EAGAIN)
                Log.RelayDoesNotRead(_environment.Logger, _sessionId, Peer.Pid);
            End();
        }
    }

    /// <summary>Takes in what a peer that has gone left behind, its goodbye perhaps.</summary>
    /// <returns>Whether the peer has gone; the connection has ended then.</returns>
    public bool DrainIfGone()
    {
        // A dead peer is a hang-up, whatever is still to be read.
        Span<PollEntry> entries = [new(_channel.Socket.Number, PollEvents.None)];
        if (Poll.Wait(entries, 0) == 0)
            return false;
        while (!_ended)
            ReceiveOne();
        return true;
    }

    /// <summary>Disconnects, without a call of <see cref="Ended"/>.</summary>
    public void Dispose()
    {
        if (_ended)
            return;
        _ended = true;
        _watch.Dispose();
        // What lies unread in it is closed with it, descriptors too.
        _environment.ForeignDescriptors.Close(_channel.Socket);
    }

    private void OnReady()
    {
        if (_messages.TryTake())
            ReceiveOne();
        else
            _watch.PauseFor(_messages.Refill);
    }

    private void ReceiveOne()
    {
        try
        {
            switch (_channel.Receive(out var descriptors))
            {
                case null: End(); break;
                case Unknown unknown: Send(unknown.Refusal); break;
                case var message: Deliver(message, descriptors); break;
            }
        }
        catch (ProtocolException e)
        {
            _environment.Counters.MalformedMessages++;
            if (_complaints.TryTake())
                Log.MalformedMessage(_environment.Logger, _sessionId, Peer.Pid, e.Message);
            Send(new Error(Errno.EPROTO, e.Message));
        }
        catch (LinuxException e)
        {
            if (e.Errno != Errno.EAGAIN) // else it was drained since the poll
                End();
        }
    }

    private void Deliver(Message message, FileDescriptor[] descriptors)
    {
        if (Received is { } received)
            received(message, descriptors);
        else
            _environment.ForeignDescriptors.Close(descriptors);
    }

    /// <summary>No relay sends descriptors unasked, and to get rid of them takes a thread.</summary>
    private void Discard(FileDescriptor[] descriptors)
    {
        Log.UnaskedDescriptors(_environment.Logger, _sessionId, Peer.Pid, descriptors.Length);
        _environment.ForeignDescriptors.Close(descriptors);
        End();
    }

    private void End()
    {
        if (_ended)
            return;
        Dispose();
        Ended();
    }
}
