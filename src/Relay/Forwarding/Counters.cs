namespace Sluice.Relay.Forwarding;

/// <summary>What the relay has done since it started. Each is written by few threads and read by the status; a lost step of one does no harm.</summary>
internal sealed class Counters
{
    public long Requests;
    public long Reads;
    public long BytesRead;
    public long Writes;
    public long BytesWritten;
    /// <summary>Messages of the client that broke the protocol: dropped, or answered EIO in its place.</summary>
    public long Violations;
    /// <summary>Requests that were answered from what is known, or EIO or EINTR, in the client's place.</summary>
    public long AnsweredInPlace;
    /// <summary>Requests that ended with EIO because their clients died again and again.</summary>
    public long Poisonous;
    public long NotificationsDropped;
    public long ClientStarts;
    public long LastRecoveryMicroseconds;
}
