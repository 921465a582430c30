namespace Sluice.Session;

/// <summary>One message. Who sends it, and when, is said at <see cref="SessionProtocol"/>.</summary>
public abstract record Message
{
    /// <summary>The number on the wire.</summary>
    public abstract ushort Code { get; }

    internal abstract void Write(ref WireWriter writer);
}

/// <summary>A relay's first message.</summary>
/// <param name="MinVersion">The oldest version that it speaks.</param>
/// <param name="MaxVersion">The newest version that it speaks.</param>
/// <param name="RelayVersion">For the log.</param>
/// <param name="KnowsState">
/// It can go on with the session's mount, from its state file or because it never stopped. False asks for a fresh mount,
/// which goes on top of an old one; so does a relay whose descriptor is dead (ENODEV).
/// </param>
/// <param name="Epoch">How many clients the session has had, for the log.</param>
/// <param name="MaxTransfer">Bytes of the largest FUSE message that the socket pairs should carry, header included.</param>
public sealed record Hello(ushort MinVersion, ushort MaxVersion, string RelayVersion, bool KnowsState, uint Epoch, int MaxTransfer) : Message
{
    public override ushort Code => (ushort)MessageType.Hello;

    internal override void Write(ref WireWriter writer)
    {
        writer.UInt16(MinVersion);
        writer.UInt16(MaxVersion);
        writer.Text(RelayVersion, SessionProtocol.MaxRelayVersion);
        writer.Boolean(KnowsState);
        writer.UInt32(Epoch);
        writer.Int32(MaxTransfer);
    }

    /// <summary>Comes before a version is agreed on: fields of newer versions follow the known ones and are passed over.</summary>
    internal static Hello Read(ref WireReader reader)
    {
        var hello = new Hello(
            reader.UInt16(), reader.UInt16(), reader.Text(SessionProtocol.MaxRelayVersion), reader.Boolean(), reader.UInt32(), reader.Int32());
        reader.SkipRest();
        return hello.MaxTransfer >= 0 && hello.MinVersion <= hello.MaxVersion ? hello : throw new ProtocolException("Hello: a range that cannot be");
    }
}

/// <summary>
/// The mounter's answer to Hello, or to Deposit. Beside it: the FUSE descriptor, then at least three socket pairs as
/// relay's end, client's end, relay's end, client's end … Both ends are blocking.
/// </summary>
/// <param name="Version">The version that both speak from now on.</param>
/// <param name="SessionId">The session's id.</param>
/// <param name="ReadOnly">The mount is read-only: the kernel sends no writes.</param>
/// <param name="Resumed">
/// The descriptor is of the mount that was served before: requests may have been read from it, INIT has been. False: of a
/// fresh mount, whose first request is INIT; what the relay knows of an older one is worth nothing, and its descriptor is
/// to be closed.
/// </param>
/// <param name="MountId">The connection's number in fusectl, which a Deposit names.</param>
/// <param name="SendBuffer">
/// Bytes that the kernel granted as send buffer of each end (it doubles what is asked): the largest message is a little
/// less than this, as far as the kernel finds contiguous memory.
/// </param>
public sealed record Welcome(ushort Version, string SessionId, bool ReadOnly, bool Resumed, ulong MountId, int SendBuffer) : Message
{
    public override ushort Code => (ushort)MessageType.Welcome;

    internal override void Write(ref WireWriter writer)
    {
        writer.UInt16(Version);
        writer.Text(SessionId, SessionProtocol.MaxId);
        writer.Boolean(ReadOnly);
        writer.Boolean(Resumed);
        writer.UInt64(MountId);
        writer.Int32(SendBuffer);
    }

    internal static Welcome Read(ref WireReader reader) => new(
        reader.UInt16(), reader.Text(SessionProtocol.MaxId), reader.Boolean(), reader.Boolean(), reader.UInt64(), reader.Int32());
}

/// <summary>
/// A relay gives a restarted mounter a duplicate of the FUSE descriptor, which comes beside the message. The answer is
/// Welcome: resumed, with a duplicate of the same descriptor and new pairs, or not resumed, with a fresh mount's, because
/// the connection had been ended. Error where the descriptor is not believed; two seconds after the Hello, Welcome to a
/// fresh mount follows then. A mounter that needs no deposit, or has no use for one (the mount had not appeared at its
/// target when its mounter ended), has answered the Hello with Welcome already; the Deposit is passed over, or answered
/// with an Error that means nothing.
/// </summary>
/// <param name="MountId">As the Welcome said that came with the descriptor.</param>
public sealed record Deposit(ulong MountId) : Message
{
    public override ushort Code => (ushort)MessageType.Deposit;

    internal override void Write(ref WireWriter writer) => writer.UInt64(MountId);

    internal static Deposit Read(ref WireReader reader) => new(reader.UInt64());
}

/// <summary>A relay asks for socket pairs.</summary>
/// <param name="Count">1 to <see cref="SessionProtocol.MaxPairs"/>.</param>
public sealed record MorePairs(int Count) : Message
{
    public override ushort Code => (ushort)MessageType.MorePairs;

    internal override void Write(ref WireWriter writer) => writer.Int32(Count);

    internal static MorePairs Read(ref WireReader reader) => reader.Int32() is > 0 and <= SessionProtocol.MaxPairs and var count
        ? new(count)
        : throw new ProtocolException($"MorePairs: not 1 to {SessionProtocol.MaxPairs}");
}

/// <summary>Socket pairs, beside the message as in Welcome.</summary>
public sealed record Pairs : Message
{
    public override ushort Code => (ushort)MessageType.Pairs;

    internal override void Write(ref WireWriter writer)
    {
    }
}

/// <summary>The credentials of the session, all of them: what an earlier Secret held is replaced. Its text shows names alone.</summary>
/// <param name="Values">The bytes by name, together within one message.</param>
public sealed record Secret(IReadOnlyDictionary<string, byte[]> Values) : Message
{
    public override ushort Code => (ushort)MessageType.Secret;

    public override string ToString() => $"Secret {{ {string.Join(", ", Values.Keys)} }}";

    internal override void Write(ref WireWriter writer)
    {
        if (Values.Count > SessionProtocol.MaxSecretEntries)
            throw new ProtocolException($"Secret: more than {SessionProtocol.MaxSecretEntries} entries");
        writer.UInt16((ushort)Values.Count);
        foreach (var (name, value) in Values)
        {
            writer.Text(name, SessionProtocol.MaxSecretName);
            writer.Bytes(value);
        }
    }

    internal static Secret Read(ref WireReader reader)
    {
        int count = reader.UInt16();
        if (count > SessionProtocol.MaxSecretEntries)
            throw new ProtocolException($"Secret: more than {SessionProtocol.MaxSecretEntries} entries");
        var values = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string name = reader.Text(SessionProtocol.MaxSecretName);
            if (!values.TryAdd(name, reader.Bytes()))
                throw new ProtocolException("Secret: a name comes twice");
        }
        return new(values);
    }
}

/// <summary>A relay has a client that answers.</summary>
/// <param name="Epoch">Of that client.</param>
public sealed record Serving(uint Epoch) : Message
{
    public override ushort Code => (ushort)MessageType.Serving;

    internal override void Write(ref WireWriter writer) => writer.UInt32(Epoch);

    internal static Serving Read(ref WireReader reader) => new(reader.UInt32());
}

/// <summary>A relay has no client: requests wait, or fail.</summary>
public sealed record Absent(string Reason) : Message
{
    public override ushort Code => (ushort)MessageType.Absent;

    internal override void Write(ref WireWriter writer) => writer.CutText(Reason, SessionProtocol.MaxText);

    internal static Absent Read(ref WireReader reader) => new(reader.Text(SessionProtocol.MaxText));
}

/// <summary>Which of these tasks have a SIGKILL pending? The relay lives in the pod's PID namespace and cannot look.</summary>
/// <param name="Pids">As in the headers of parked requests, at most <see cref="SessionProtocol.MaxPids"/>.</param>
public sealed record KilledQuery(IReadOnlyList<uint> Pids) : Message
{
    public override ushort Code => (ushort)MessageType.KilledQuery;

    internal override void Write(ref WireWriter writer) => writer.Pids(Pids);

    internal static KilledQuery Read(ref WireReader reader) => new(reader.Pids());
}

/// <summary>Those of the query that have a SIGKILL pending; what could not be found out in time counts as not killed.</summary>
public sealed record KilledAnswer(IReadOnlyList<uint> Pids) : Message
{
    public override ushort Code => (ushort)MessageType.KilledAnswer;

    internal override void Write(ref WireWriter writer) => writer.Pids(Pids);

    internal static KilledAnswer Read(ref WireReader reader) => new(reader.Pids());
}

/// <summary>A relay's counters, every five seconds when they changed. The first six count since the session began.</summary>
/// <param name="Reads">READ requests answered.</param>
/// <param name="Writes">WRITE requests answered.</param>
/// <param name="BytesRead">Bytes of their data.</param>
/// <param name="BytesWritten">Bytes of their data.</param>
/// <param name="Requests">Requests of every kind answered.</param>
/// <param name="ClientRestarts">Clients that were replaced.</param>
/// <param name="LastRecoveryMicroseconds">From the client's end to the first answer of its successor; 0 when there was none.</param>
/// <param name="OpenFiles">Handles open now.</param>
/// <param name="InFlight">Requests that wait for an answer now.</param>
public sealed record Stats(
    ulong Reads, ulong Writes, ulong BytesRead, ulong BytesWritten, ulong Requests, uint ClientRestarts, ulong LastRecoveryMicroseconds, uint OpenFiles, uint InFlight) : Message
{
    public override ushort Code => (ushort)MessageType.Stats;

    internal override void Write(ref WireWriter writer)
    {
        writer.UInt64(Reads);
        writer.UInt64(Writes);
        writer.UInt64(BytesRead);
        writer.UInt64(BytesWritten);
        writer.UInt64(Requests);
        writer.UInt32(ClientRestarts);
        writer.UInt64(LastRecoveryMicroseconds);
        writer.UInt32(OpenFiles);
        writer.UInt32(InFlight);
    }

    internal static Stats Read(ref WireReader reader) => new(
        reader.UInt64(), reader.UInt64(), reader.UInt64(), reader.UInt64(), reader.UInt64(), reader.UInt32(), reader.UInt64(), reader.UInt32(), reader.UInt32());
}

/// <summary>
/// The start gate's question, on a connection of its own and instead of Hello: are these sessions of the pod served? The
/// pod is the one whose socket was asked.
/// </summary>
/// <param name="Datasets">NAMESPACE/NAME of each, at most <see cref="SessionProtocol.MaxDatasets"/>.</param>
public sealed record ServedQuery(IReadOnlyList<string> Datasets) : Message
{
    public override ushort Code => (ushort)MessageType.ServedQuery;

    internal override void Write(ref WireWriter writer)
    {
        if (Datasets.Count > SessionProtocol.MaxDatasets)
            throw new ProtocolException($"ServedQuery: more than {SessionProtocol.MaxDatasets} datasets");
        writer.UInt16((ushort)Datasets.Count);
        foreach (string dataset in Datasets)
            writer.Text(dataset, SessionProtocol.MaxDataset);
    }

    internal static ServedQuery Read(ref WireReader reader)
    {
        int count = reader.UInt16();
        if (count > SessionProtocol.MaxDatasets)
            throw new ProtocolException($"ServedQuery: more than {SessionProtocol.MaxDatasets} datasets");
        var datasets = new string[count];
        for (int i = 0; i < count; i++)
            datasets[i] = reader.Text(SessionProtocol.MaxDataset);
        return new(datasets);
    }
}

/// <summary>The answer to <see cref="ServedQuery"/>.</summary>
/// <param name="Waiting">Empty when all are served; else the first one that is not, and why, for people.</param>
public sealed record ServedAnswer(string Waiting) : Message
{
    public override ushort Code => (ushort)MessageType.ServedAnswer;

    internal override void Write(ref WireWriter writer) => writer.CutText(Waiting, SessionProtocol.MaxText);

    internal static ServedAnswer Read(ref WireReader reader) => new(reader.Text(SessionProtocol.MaxText));
}

/// <summary>A relay was told to end and lets its client flush.</summary>
public sealed record Closing : Message
{
    public override ushort Code => (ushort)MessageType.Closing;

    internal override void Write(ref WireWriter writer)
    {
    }
}

/// <summary>A relay is done: the mounter closes the session's mount, and every later call on it is ENOTCONN.</summary>
/// <param name="Clean">Nothing was lost.</param>
/// <param name="LostWrites">Otherwise what was, for people.</param>
public sealed record Goodbye(bool Clean, string LostWrites) : Message
{
    public override ushort Code => (ushort)MessageType.Goodbye;

    internal override void Write(ref WireWriter writer)
    {
        writer.Boolean(Clean);
        writer.CutText(LostWrites, SessionProtocol.MaxText);
    }

    internal static Goodbye Read(ref WireReader reader) => new(reader.Boolean(), reader.Text(SessionProtocol.MaxText));
}

/// <summary>The answer to a message that was not understood or cannot be granted. Never answered itself.</summary>
/// <param name="Errno">The positive error number: EBUSY, EPROTONOSUPPORT, EOPNOTSUPP (unknown type) …</param>
/// <param name="Message">For people.</param>
public sealed record Error(int Errno, string Message) : Message
{
    public override ushort Code => (ushort)MessageType.Error;

    internal override void Write(ref WireWriter writer)
    {
        writer.Int32(Errno);
        writer.CutText(Message, SessionProtocol.MaxText);
    }

    internal static Error Read(ref WireReader reader)
    {
        var error = new Error(reader.Int32(), reader.Text(SessionProtocol.MaxText));
        reader.SkipRest();
        return error;
    }
}

/// <summary>A well-formed message of a type that this version does not know. Answer it with <see cref="Refusal"/>.</summary>
public sealed record Unknown(ushort Number) : Message
{
    public override ushort Code => Number;

    /// <summary>What to send back.</summary>
    public Error Refusal => new(Linux.Errno.EOPNOTSUPP, $"unknown message {Number}");

    internal override void Write(ref WireWriter writer)
    {
    }
}
