namespace Sluice.Session;

/// <summary>
/// What mounter and relay agree on, version 1. One SOCK_SEQPACKET message is a header of 12 bytes (magic, version, type,
/// length of the body; little-endian) and a body; descriptors come beside it.
/// </summary>
/// <remarks>
/// The conversation, the relay's side first:
/// <code>
/// Hello                 -> Welcome            a relay that holds no descriptor: a new process
/// Hello, Deposit        -> Welcome | Error    a relay that holds the descriptor: its mounter was restarted. Deposit follows
///                                             Hello at once, without waiting: a mounter that has lost the descriptor waits
///                                             two seconds for it, then gives a fresh mount
/// Serving | Absent      -> (nothing)          at the first Serving after a fresh mount the mount appears at its target
/// MorePairs             -> Pairs
/// KilledQuery           -> KilledAnswer       within about a second
/// Stats, Closing        -> (nothing)
/// Goodbye               -> (the connection ends)
/// (nothing)             -> Secret             whenever credentials were given or changed
/// ServedQuery           -> ServedAnswer       instead of Hello; a pod's start gate asks, and closes
/// anything unknown      -> Error              the connection stays
/// </code>
/// Serving is about the mount of the last Welcome that was read: never send it before that one, or people meet a mount that
/// cannot answer. Descriptors beside a message that has none end the connection.
/// A second relay while the first one's connection is open gets Error(EBUSY) and is disconnected: try again, the first
/// may be just about to die.
/// </remarks>
public static class SessionProtocol
{
    /// <summary>The newest version. Relays live as long as their pods: a mounter speaks every version since 1.</summary>
    public const ushort Version = 1;

    /// <summary>Bytes of the longest message, header included.</summary>
    public const int MaxMessage = 4096;

    /// <summary>Bytes of the header.</summary>
    public const int HeaderSize = 12;

    /// <summary>Socket pairs in a Welcome, at least: one in use, two for the next recoveries.</summary>
    public const int MinPairs = 3;

    /// <summary>Socket pairs in one message, at most: with the FUSE descriptor they stay below 16 descriptors.</summary>
    public const int MaxPairs = 7;

    /// <summary>Process numbers in one <see cref="KilledQuery"/>.</summary>
    public const int MaxPids = 256;

    /// <summary>Datasets in one <see cref="ServedQuery"/>: a pod has 8 unless a policy lifts that, and 4 KiB hold no more.</summary>
    public const int MaxDatasets = 12;

    /// <summary>Bytes of NAMESPACE/NAME: 63, a slash and 253.</summary>
    public const int MaxDataset = 317;

    /// <summary>Bytes of a session's id.</summary>
    public const int MaxId = 128;

    /// <summary>Bytes of a version's name.</summary>
    public const int MaxRelayVersion = 64;

    /// <summary>Bytes of a reason, a list of lost writes or an error's text; what is longer is cut by the sender.</summary>
    public const int MaxText = 2048;

    /// <summary>Entries of a <see cref="Secret"/>.</summary>
    public const int MaxSecretEntries = 64;

    /// <summary>Bytes of the name of an entry of a <see cref="Secret"/>: the key limit of a Kubernetes Secret.</summary>
    public const int MaxSecretName = 253;

    /// <summary>The socket's name in the session volume.</summary>
    public const string SocketName = "session.sock";

    internal const uint Magic = 0x45434C53; // "SLCE"
}
