using System.Buffers.Binary;
using System.Text;

namespace Sluice.Session;

/// <summary>Reads the fields of a message from whoever sent it: every length is held against its limit and against what is there before anything is allocated.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> body)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = body;

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Next(sizeof(ushort)));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Next(sizeof(uint)));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Next(sizeof(int)));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Next(sizeof(ulong)));

    public bool Boolean() => Next(1)[0] switch
    {
        0 => false,
        1 => true,
        _ => throw new ProtocolException("a flag that is neither 0 nor 1"),
    };

    public byte[] Bytes() => Next(UInt16()).ToArray();

    public string Text(int limit)
    {
        int length = UInt16();
        if (length > limit)
            throw new ProtocolException($"a text of {length} bytes where {limit} are allowed");
        try
        {
            return Strict.GetString(Next(length));
        }
        catch (DecoderFallbackException)
        {
            throw new ProtocolException("a text that is not UTF-8");
        }
    }

    public uint[] Pids()
    {
        int count = UInt16();
        if (count > SessionProtocol.MaxPids || count * sizeof(uint) > _rest.Length)
            throw new ProtocolException("more process numbers than allowed, or than there are");
        var pids = new uint[count];
        for (int i = 0; i < count; i++)
            pids[i] = UInt32();
        return pids;
    }

    public void SkipRest() => _rest = default;

    /// <summary>Nothing may follow the last field.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
            throw new ProtocolException($"{_rest.Length} bytes after the last field");
    }

    private ReadOnlySpan<byte> Next(int length)
    {
        if (length > _rest.Length)
            throw new ProtocolException("the message ends within a field");
        var next = _rest[..length];
        _rest = _rest[length..];
        return next;
    }
}
