using Sluice.Linux;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Recovery;

/// <summary>Requests of the relay's own about one file: what a client before did for the kernel, done again at the next. Each returns 0 or the positive error number; <see cref="Forwarding.ClientLink.Lost"/> when the client is gone or silent.</summary>
internal static unsafe class ClientFile
{
    public const uint WriteOnly = 1; // O_WRONLY
    /// <summary>Bytes before the data of a WRITE: its header and fuse_write_in.</summary>
    public const int WriteHead = InHeader.Size + 40;

    public static int Open(ClientNode node, bool directory, uint flags, uint uid, uint gid, uint pid, ClientLink link, out ClientHandle handle)
    {
        handle = default;
        Span<byte> request = stackalloc byte[InHeader.Size + 8]; // fuse_open_in
        request.Clear();
        fixed (byte* head = request)
        {
            *(InHeader*)head = new InHeader { Opcode = directory ? Opcode.Opendir : Opcode.Open, NodeId = node.Id, Uid = uid, Gid = gid, Pid = pid };
            *(uint*)(head + InHeader.Size) = flags;
        }
        Span<byte> reply = stackalloc byte[OutHeader.Size + OpenOut.Size];
        int error = Resolver.Ask(link, request, reply, OpenOut.Size);
        if (error == Errno.ENOSYS)
            return 0; // keeps no handles: 0 is its handle
        if (error == 0)
        {
            fixed (byte* message = reply)
                handle = new(((OpenOut*)(message + OutHeader.Size))->Fh);
        }
        return error;
    }

    /// <summary>All of the data that lies behind <see cref="WriteHead"/> bytes in <paramref name="message"/>, which is overwritten.</summary>
    public static int Write(ClientNode node, ClientHandle handle, ulong offset, Span<byte> message, uint uid, uint gid, uint maxWrite, ClientLink link)
    {
        Span<byte> reply = stackalloc byte[OutHeader.Size + 8];
        int left = message.Length - WriteHead;
        while (left > 0)
        {
            int part = (int)Math.Min((uint)left, maxWrite);
            message[..WriteHead].Clear();
            fixed (byte* head = message, answer = reply)
            {
                *(InHeader*)head = new InHeader { Opcode = Opcode.Write, NodeId = node.Id, Uid = uid, Gid = gid };
                byte* body = head + InHeader.Size;
                *(ulong*)body = handle.Fh;
                *(ulong*)(body + 8) = offset;
                *(uint*)(body + 16) = (uint)part;
                *(uint*)(body + 32) = WriteOnly;
                int error = Resolver.Ask(link, message[..(WriteHead + part)], reply, 8);
                if (error != 0)
                    return error;
                uint written = *(uint*)(answer + OutHeader.Size);
                if (written == 0 || written > part)
                    return Errno.EIO;
                offset += written;
                left -= (int)written;
                message.Slice(WriteHead + (int)written, left).CopyTo(message[WriteHead..]); // a short write: the rest once more
            }
        }
        return 0;
    }

    /// <summary>FSYNC, or FLUSH where that hands data on.</summary>
    public static int Sync(ClientNode node, ClientHandle handle, bool flush, uint uid, uint gid, ClientLink link, bool patient = false)
    {
        Span<byte> request = stackalloc byte[InHeader.Size + (flush ? 24 : 16)]; // fuse_flush_in, fuse_fsync_in
        request.Clear();
        fixed (byte* head = request)
        {
            *(InHeader*)head = new InHeader { Opcode = flush ? Opcode.Flush : Opcode.Fsync, NodeId = node.Id, Uid = uid, Gid = gid };
            *(ulong*)(head + InHeader.Size) = handle.Fh;
        }
        Span<byte> reply = stackalloc byte[OutHeader.Size];
        return Resolver.Ask(link, request, reply, 0, patient);
    }

    public static int Release(ClientNode node, ClientHandle handle, uint flags, uint uid, uint gid, ClientLink link)
    {
        Span<byte> request = stackalloc byte[InHeader.Size + 24]; // fuse_release_in
        request.Clear();
        fixed (byte* head = request)
        {
            *(InHeader*)head = new InHeader { Opcode = Opcode.Release, NodeId = node.Id, Uid = uid, Gid = gid };
            *(ulong*)(head + InHeader.Size) = handle.Fh;
            *(uint*)(head + InHeader.Size + 8) = flags;
        }
        Span<byte> reply = stackalloc byte[OutHeader.Size];
        return Resolver.Ask(link, request, reply, 0);
    }
}
