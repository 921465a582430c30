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
    /// <summary>Syncs that the relay asked for because the journal was nearly full.</summary>
    public long JournalFull;
    /// <summary>Writes of the journal that were made again at a new client, and their bytes.</summary>
    public long ReplayedWrites;
    public long ReplayedBytes;
    /// <summary>Files that lost acknowledged data: each has said EIO, or will.</summary>
    public long FilesLost;
    public long ClientStarts;
    public long LastRecoveryMicroseconds;
}
