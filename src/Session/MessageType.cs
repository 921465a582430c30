namespace Sluice.Session;

/// <summary>The number of each message on the wire. Numbers are never reused.</summary>
public enum MessageType : ushort
{
    Hello = 1,
    Welcome,
    Deposit,
    MorePairs,
    Pairs,
    Secret,
    Serving,
    Absent,
    KilledQuery,
    KilledAnswer,
    Stats,
    Closing,
    Goodbye,
    Error,
    ServedQuery,
    ServedAnswer,
}
