namespace Sluice.Session;

/// <summary>Bytes of a message, both ways, and how many descriptors belong beside it.</summary>
internal static class MessageCodec
{
    /// <summary>Writes a message; returns its length.</summary>
    /// <exception cref="ProtocolException">A field is out of its bounds.</exception>
    public static int Encode(Message message, Span<byte> buffer)
    {
        var body = new WireWriter(buffer[SessionProtocol.HeaderSize..]);
        message.Write(ref body);
        var header = new WireWriter(buffer);
        header.UInt32(SessionProtocol.Magic);
        header.UInt16(SessionProtocol.Version);
        header.UInt16(message.Code);
        header.UInt32((uint)body.Length);
        return header.Length + body.Length;
    }

    /// <summary>Reads a message.</summary>
    /// <exception cref="ProtocolException">It is malformed.</exception>
    public static Message Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes);
        if (reader.UInt32() != SessionProtocol.Magic)
            throw new ProtocolException("not a message of the session protocol");
        // The header is the same in every version, and a peer uses no type before the other one has agreed to its version:
        // a version that is not known here comes with a Hello, or with a type that is not known either.
        _ = reader.UInt16();
        ushort type = reader.UInt16();
        if (reader.UInt32() != bytes.Length - SessionProtocol.HeaderSize)
            throw new ProtocolException("the header's length is not the message's");
        var message = Body((MessageType)type, ref reader);
        reader.End();
        return message;
    }

    /// <summary>Whether so many descriptors may come beside a message.</summary>
    public static bool Allows(Message message, int descriptors) => message switch
    {
        Welcome => descriptors is >= 1 + (2 * SessionProtocol.MinPairs) and <= 1 + (2 * SessionProtocol.MaxPairs) && descriptors % 2 == 1,
        Pairs => descriptors is >= 2 and <= 2 * SessionProtocol.MaxPairs && descriptors % 2 == 0,
        Deposit => descriptors == 1,
        Unknown => true, // what a newer version sends there is closed unseen
        _ => descriptors == 0,
    };

    private static Message Body(MessageType type, ref WireReader reader)
    {
        switch (type)
        {
            case MessageType.Hello: return Hello.Read(ref reader);
            case MessageType.Welcome: return Welcome.Read(ref reader);
            case MessageType.Deposit: return Deposit.Read(ref reader);
            case MessageType.MorePairs: return MorePairs.Read(ref reader);
            case MessageType.Pairs: return new Pairs();
            case MessageType.Secret: return Secret.Read(ref reader);
            case MessageType.Serving: return Serving.Read(ref reader);
            case MessageType.Absent: return Absent.Read(ref reader);
            case MessageType.KilledQuery: return KilledQuery.Read(ref reader);
            case MessageType.KilledAnswer: return KilledAnswer.Read(ref reader);
            case MessageType.Stats: return Stats.Read(ref reader);
            case MessageType.Closing: return new Closing();
            case MessageType.Goodbye: return Goodbye.Read(ref reader);
            case MessageType.Error: return Error.Read(ref reader);
            case MessageType.ServedQuery: return ServedQuery.Read(ref reader);
            case MessageType.ServedAnswer: return ServedAnswer.Read(ref reader);
            default:
                reader.SkipRest();
                return new Unknown((ushort)type);
        }
    }
}
