using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Sluice.Relay.Tests.Scripted;

/// <summary>Message bodies as literals: the fields in their order, as wide as their types.</summary>
internal static class Bytes
{
    /// <summary>uint and int take 4 bytes, ulong and long 8, ushort 2; a string is Latin-1 and ends with NUL; byte[] and structs are as they are.</summary>
    public static byte[] Of(params ReadOnlySpan<object> fields)
    {
        var bytes = new List<byte>();
        foreach (object field in fields)
        {
            bytes.AddRange(field switch
            {
                uint value => BitConverter.GetBytes(value),
                int value => BitConverter.GetBytes(value),
                ulong value => BitConverter.GetBytes(value),
                long value => BitConverter.GetBytes(value),
                ushort value => BitConverter.GetBytes(value),
                string value => [.. Encoding.Latin1.GetBytes(value), 0],
                byte[] value => value,
                _ => throw new InvalidOperationException($"a field of {field.GetType()}"),
            });
        }
        return [.. bytes];
    }

    public static byte[] OfStruct<T>(T value)
        where T : unmanaged
    {
        var bytes = new byte[Unsafe.SizeOf<T>()];
        MemoryMarshal.Write(bytes, value);
        return bytes;
    }

    public static T Struct<T>(this byte[] bytes, int offset = 0)
        where T : unmanaged => MemoryMarshal.Read<T>(bytes.AsSpan(offset));

    public static ulong U64(this byte[] bytes, int offset = 0) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(offset));

    public static uint U32(this byte[] bytes, int offset = 0) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset));

    /// <summary>The NUL-terminated text at an offset.</summary>
    public static string Text(this byte[] bytes, int offset)
    {
        int end = Array.IndexOf(bytes, (byte)0, offset);
        return Encoding.Latin1.GetString(bytes, offset, (end < 0 ? bytes.Length : end) - offset);
    }
}
