using Sluice.Linux;

namespace Sluice.Session;

/// <summary>
/// One end of a conversation over a connected SOCK_SEQPACKET socket, which it owns. Send may be called from several threads;
/// Receive from one.
/// </summary>
/// <param name="socket">The socket.</param>
/// <param name="discard">
/// Closes descriptors that came where none belong. Without it they are closed at once, which is right for a peer that is
/// trusted: to close what another process gave may hang.
/// </param>
public sealed class SessionChannel(FileDescriptor socket, Action<FileDescriptor[]>? discard = null) : IDisposable
{
    /// <summary>For poll, and for <see cref="FileDescriptor.SetNonBlocking"/>: the channel makes no choice itself.</summary>
    public FileDescriptor Socket { get; } = socket;

    /// <summary>Connects to the session of a directory, as a blocking socket.</summary>
    /// <param name="directory">Where the session's socket lies; of any length.</param>
    /// <exception cref="LinuxException">ENOENT or ECONNREFUSED while no mounter listens: try again.</exception>
    public static SessionChannel Connect(string directory) => new(DirectorySocket.Connect(directory, SessionProtocol.SocketName));

    /// <summary>Sends a message; the descriptors stay the caller's.</summary>
    /// <exception cref="LinuxException">EPIPE: the peer is gone. EAGAIN: it does not read, and the socket is non-blocking.</exception>
    /// <exception cref="ProtocolException">The message or the number of its descriptors is out of bounds.</exception>
    public void Send(Message message, params ReadOnlySpan<FileDescriptor> descriptors)
    {
        if (!MessageCodec.Allows(message, descriptors.Length))
            throw new ProtocolException($"{message.GetType().Name} with {descriptors.Length} descriptors");
        Span<byte> buffer = stackalloc byte[SessionProtocol.MaxMessage];
        SocketMessages.Send(Socket, buffer[..MessageCodec.Encode(message, buffer)], descriptors);
    }

    /// <summary>The next message; null once the peer has closed its end.</summary>
    /// <param name="descriptors">What came beside it, as many as the message may have; the caller's from now on. Empty for <see cref="Unknown"/>.</param>
    /// <exception cref="LinuxException">EAGAIN: nothing there, and the socket is non-blocking.</exception>
    /// <exception cref="ProtocolException">The message is malformed. Nothing of it is kept; the next one may be read.</exception>
    public Message? Receive(out FileDescriptor[] descriptors)
    {
        descriptors = [];
        Span<byte> buffer = stackalloc byte[SessionProtocol.MaxMessage];
        FileDescriptor[] received;
        int length;
        bool cut;
        try
        {
            length = SocketMessages.Receive(Socket, buffer, out received, out cut);
        }
        catch (LinuxException e) when (e.Errno == Errno.ECONNRESET) // the peer left messages unread when it closed
        {
            return null;
        }
        bool kept = false;
        try
        {
            if (cut)
                throw new ProtocolException($"more than {SessionProtocol.MaxMessage} bytes, or too many descriptors");
            // An empty message looks like the end of the connection, and is none of the protocol: the sender is through.
            if (length == 0)
                return null;
            var message = MessageCodec.Decode(buffer[..length]);
            if (!MessageCodec.Allows(message, received.Length))
                throw new ProtocolException($"{message.GetType().Name} with {received.Length} descriptors");
            kept = message is not Unknown;
            if (kept)
                descriptors = received;
            return message;
        }
        finally
        {
            if (!kept && received.Length > 0)
                (discard ?? Close)(received);
        }
    }

    public void Dispose() => Socket.Dispose();

    private static void Close(FileDescriptor[] descriptors)
    {
        foreach (var descriptor in descriptors)
            descriptor.Dispose();
    }
}
