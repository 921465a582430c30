using System.Text;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.Tests.Scripted;

/// <summary>What one end reads: a request as a client gets it.</summary>
internal sealed record Request(Opcode Opcode, ulong Unique, ulong NodeId, uint Uid, uint Gid, uint Pid, byte[] Body)
{
    public static Request Of(ReadOnlySpan<byte> message)
    {
        var header = message.ToArray().Struct<InHeader>();
        Assert.Equal((uint)message.Length, header.Len);
        return new(header.Opcode, header.Unique, header.NodeId, header.Uid, header.Gid, header.Pid, message[InHeader.Size..].ToArray());
    }
}

/// <summary>A reply as the kernel gets it.</summary>
/// <param name="Error">0 or a positive error number.</param>
/// <param name="Body">What follows the header.</param>
internal sealed record Reply(int Error, byte[] Body);

/// <summary>Bodies that many tests need.</summary>
internal static class Messages
{
    public static byte[] Reply(ulong unique, int errno, params byte[] body) => Bytes.Of((uint)(OutHeader.Size + body.Length), -errno, unique, body);

    public static byte[] Entry(ulong node, uint type = FuseAbi.S_IFREG, ulong ino = 0, ulong generation = 0, ulong size = 0, uint nlink = 1) => Bytes.OfStruct(new EntryOut
    {
        NodeId = node,
        Generation = generation,
        EntryValid = 1,
        AttrValid = 1,
        Attr = Attributes(ino == 0 ? node : ino, type, size, nlink),
    });

    public static byte[] AttrReply(ulong ino, uint type = FuseAbi.S_IFREG, ulong size = 0) =>
        Bytes.OfStruct(new AttrOut { AttrValid = 1, Attr = Attributes(ino, type, size, 1) });

    public static byte[] Open(ulong fh) => Bytes.Of(fh, 0u, 0u);

    public static byte[] Dirent(ulong ino, ulong cookie, string name, uint type = 8)
    {
        byte[] text = Encoding.Latin1.GetBytes(name);
        byte[] dirent = Bytes.Of(ino, cookie, (uint)text.Length, type, text);
        Array.Resize(ref dirent, Sluice.Relay.Fuse.Dirent.Padded(text.Length));
        return dirent;
    }

    /// <summary>The names and cookies in a READDIR reply.</summary>
    public static List<(string Name, ulong Cookie)> Entries(byte[] body, int prefix = 0)
    {
        var entries = new List<(string, ulong)>();
        for (int at = prefix; at < body.Length; at += prefix)
        {
            int length = (int)body.U32(at + 16);
            entries.Add((Encoding.Latin1.GetString(body, at + Sluice.Relay.Fuse.Dirent.Size, length), body.U64(at + 8)));
            at += Sluice.Relay.Fuse.Dirent.Padded(length);
        }
        return entries;
    }

    public static byte[] ReadIn(ulong fh, ulong offset, uint size) => Bytes.Of(fh, offset, size, 0u, 0UL, 0u, 0u);

    public static byte[] WriteIn(ulong fh, ulong offset, byte[] data, uint flags = 0) => Bytes.Of(fh, offset, (uint)data.Length, 0u, 0UL, flags, 0u, data);

    private static Attr Attributes(ulong ino, uint type, ulong size, uint nlink) => new() { Ino = ino, Mode = type | 0x1a4, Nlink = nlink, FileSize = size };
}
