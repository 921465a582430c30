using System.Buffers.Binary;
using System.Text;

namespace Sluice.Session;

/// <summary>Writes the fields of a message, little-endian, into a buffer of the longest message.</summary>
internal ref struct WireWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Next(sizeof(ushort)), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Next(sizeof(uint)), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Next(sizeof(int)), value);

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Next(sizeof(ulong)), value);

    public void Boolean(bool value) => Next(1)[0] = value ? (byte)1 : (byte)0;

    public void Bytes(scoped ReadOnlySpan<byte> value)
    {
        if (value.Length > SessionProtocol.MaxMessage)
            throw new ProtocolException("the message is longer than the protocol allows");
        UInt16((ushort)value.Length);
        value.CopyTo(Next(value.Length));
    }

    /// <summary>UTF-8 with its length before it.</summary>
    public void Text(string value, int limit)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        if (length > limit)
            throw new ProtocolException($"a text of {length} bytes where {limit} are allowed");
        UInt16((ushort)length);
        Encoding.UTF8.GetBytes(value, Next(length));
    }

    /// <summary>As <see cref="Text"/>, but what is too long for people to read is cut between two characters.</summary>
    public void CutText(string value, int limit)
    {
        Span<byte> utf8 = stackalloc byte[limit];
        System.Text.Unicode.Utf8.FromUtf16(value, utf8, out _, out int length);
        Bytes(utf8[..length]);
    }

    public void Pids(IReadOnlyList<uint> pids)
    {
        if (pids.Count > SessionProtocol.MaxPids)
            throw new ProtocolException($"more than {SessionProtocol.MaxPids} process numbers");
        UInt16((ushort)pids.Count);
        foreach (uint pid in pids)
            UInt32(pid);
    }

    private Span<byte> Next(int length)
    {
        if (length > _buffer.Length - Length)
            throw new ProtocolException("the message is longer than the protocol allows");
        var next = _buffer.Slice(Length, length);
        Length += length;
        return next;
    }
}
