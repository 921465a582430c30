using System.Buffers;
using Sluice.Linux;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Recovery;

/// <summary>
/// Changes of names that the client was told to make and died before it said so. Nobody knows whether they were made: each
/// is looked at and then made, or taken as made, one after another in their order and before anything else is resolved,
/// for a rename that had happened makes the tables' names wrong. Errors of a repetition tell nothing (sshfs gave EPERM for
/// a second SYMLINK, ENOENT for a second RMDIR), so the result is looked at.
/// </summary>
internal sealed unsafe class Settlement(SessionState state, Resolver resolver, Answers answers)
{
    private const uint RenameNoReplace = 1;
    private const uint S_IFLNK = 0xa000;

    /// <summary>Settles one request whose slot is the caller's. False when the link ended first: the slot is still the caller's then.</summary>
    public bool Settle(Slot* slot, ClientLink link)
    {
        byte* request = state.Requests.RequestOf(slot);
        var header = (InHeader*)request;
        Span<ulong> nodes = stackalloc ulong[2];
        Span<ulong> handles = stackalloc ulong[2];
        Translation.Names(request, nodes, out int nodeCount, handles, out _);
        int error = 0;
        for (int i = 0; i < nodeCount && error == 0; i++)
            error = resolver.ResolveNode(nodes[i], link, header->Uid, header->Gid);
        if (error == ClientLink.Lost)
            return false;
        if (error != 0)
        {
            answers.InPlace(slot, error);
            return true;
        }
        byte[] reply = ArrayPool<byte>.Shared.Rent(OutHeader.Size + EntryOut.Size + OpenOut.Size);
        try
        {
            error = header->Opcode switch
            {
                Opcode.Unlink or Opcode.Rmdir => Remove(slot, link, reply),
                Opcode.Rename or Opcode.Rename2 => Rename(slot, link, reply),
                Opcode.Setxattr or Opcode.Removexattr => Attribute(slot, link, reply),
                _ => Make(slot, link, reply),
            };
            if (error == ClientLink.Lost)
                return false;
            fixed (byte* message = reply)
            {
                if (error != 0)
                    *(OutHeader*)message = new OutHeader { Len = OutHeader.Size, Error = -error };
                InFlight.Set(slot, Slot.WordOf(SlotState.Answering));
                answers.WithReply(slot, message, link.Epoch);
            }
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(reply);
        }
    }

    /// <summary>UNLINK, RMDIR: what is gone is done.</summary>
    private int Remove(Slot* slot, ClientLink link, byte[] reply)
    {
        byte* request = state.Requests.RequestOf(slot);
        int looked = Look(slot, ((InHeader*)request)->NodeId, Translation.NameOf(request, slot->Length), link, out _);
        return looked switch
        {
            Errno.ENOENT => Done(reply),
            0 => Repeat(slot, link, reply),
            _ => looked,
        };
    }

    /// <summary>RENAME: the old name gone and the new one there is done. An exchange leaves both: nobody can tell.</summary>
    private int Rename(Slot* slot, ClientLink link, byte[] reply)
    {
        byte* request = state.Requests.RequestOf(slot);
        byte* asked = request + InHeader.Size;
        if (((InHeader*)request)->Opcode == Opcode.Rename2 && (*(uint*)(asked + 8) & ~RenameNoReplace) != 0)
            return Errno.EIO;
        int old = Look(slot, ((InHeader*)request)->NodeId, Translation.NameOf(request, slot->Length), link, out _);
        if (old == 0)
            return Repeat(slot, link, reply);
        if (old != Errno.ENOENT)
            return old;
        int moved = Look(slot, *(ulong*)asked, Translation.SecondNameOf(request, slot->Length), link, out _);
        return moved == 0 ? Done(reply) : moved;
    }

    private int Attribute(Slot* slot, ClientLink link, byte[] reply)
    {
        int error = Repeat(slot, link, reply);
        var header = (InHeader*)state.Requests.RequestOf(slot);
        bool done = header->Opcode == Opcode.Removexattr ? error == Errno.ENODATA : error == Errno.EEXIST && HasValue(slot, link);
        return done ? Done(reply) : error;
    }

    /// <summary>Whether an extended attribute has the value that a SETXATTR with XATTR_CREATE was to give it.</summary>
    private bool HasValue(Slot* slot, ClientLink link)
    {
        byte* request = state.Requests.RequestOf(slot);
        byte* asked = request + InHeader.Size;
        // fuse_setxattr_in is 8 bytes, or 16 once SETXATTR_EXT was agreed on.
        int head = (state.Header->InitOut.Flags & (uint)InitFlags.SetxattrExt) != 0 ? 16 : 8;
        uint size = *(uint*)asked;
        var rest = new ReadOnlySpan<byte>(asked + head, (int)slot->Length - InHeader.Size - head);
        int end = rest.IndexOf((byte)0);
        if (end < 0 || rest.Length - end - 1 < size || size > 65536)
            return false;
        byte[] message = new byte[InHeader.Size + 8 + end + 1];
        byte[] reply = new byte[OutHeader.Size + Math.Max(8, (int)size)];
        fixed (byte* own = message)
        {
            _ = state.Nodes.TryBound(((InHeader*)request)->NodeId, link.Epoch, out var node);
            *(InHeader*)own = new InHeader { Opcode = Opcode.Getxattr, NodeId = node.Id, Uid = ((InHeader*)request)->Uid, Gid = ((InHeader*)request)->Gid };
            *(uint*)(own + InHeader.Size) = size;
        }
        rest[..end].CopyTo(message.AsSpan(InHeader.Size + 8));
        return size > 0 && Resolver.Ask(link, message, reply, (int)size) == 0
            && reply.AsSpan(OutHeader.Size, (int)size).SequenceEqual(rest.Slice(end + 1, (int)size));
    }

    /// <summary>MKDIR, MKNOD, SYMLINK, LINK, CREATE: repeated; where that fails, what is there may be what was made.</summary>
    private int Make(Slot* slot, ClientLink link, byte[] reply)
    {
        int error = Repeat(slot, link, reply);
        if (error is 0 or ClientLink.Lost)
            return error;
        byte* request = state.Requests.RequestOf(slot);
        var header = (InHeader*)request;
        int looked = resolver.LookUp((uint)header->NodeId, Translation.NameOf(request, slot->Length), link, header->Uid, header->Gid, out var entry);
        if (looked != 0)
            return looked == ClientLink.Lost ? looked : error;
        if (!IsWhatWasMade(slot, entry, link))
        {
            state.Nodes.ForgetAtClient(new(entry.NodeId), 1, link.Epoch);
            return error;
        }
        fixed (byte* message = reply)
        {
            *(EntryOut*)(message + OutHeader.Size) = entry;
            uint length = OutHeader.Size + EntryOut.Size;
            if (header->Opcode == Opcode.Create)
            {
                int opened = Open(slot, entry, link, out var open);
                if (opened != 0)
                {
                    state.Nodes.ForgetAtClient(new(entry.NodeId), 1, link.Epoch);
                    return opened;
                }
                *(OpenOut*)(message + length) = open;
                length += OpenOut.Size;
            }
            *(OutHeader*)message = new OutHeader { Len = length };
        }
        return 0;
    }

    private bool IsWhatWasMade(Slot* slot, in EntryOut entry, ClientLink link)
    {
        byte* request = state.Requests.RequestOf(slot);
        byte* asked = request + InHeader.Size;
        uint type = entry.Attr.Mode & FuseAbi.S_IFMT;
        return ((InHeader*)request)->Opcode switch
        {
            Opcode.Mkdir => type == FuseAbi.S_IFDIR,
            Opcode.Create => type == FuseAbi.S_IFREG,
            Opcode.Mknod => type == (*(uint*)asked & FuseAbi.S_IFMT),
            Opcode.Symlink => type == S_IFLNK && PointsTo(entry, Translation.SecondNameOf(request, slot->Length), link),
            Opcode.Link => IsSameFile(*(ulong*)asked, entry, link),
            _ => false,
        };
    }

    /// <summary>
    /// Whether a new name is one of a file that the client knows. Inode numbers tell, unless the client counts its own (libfuse
    /// without use_ino gives its node ids); then the number of links, and where that is not counted either (sshfs: always 1, and
    /// EPERM for the second LINK) whatever two names of a file have in common.
    /// </summary>
    private bool IsSameFile(ulong node, in EntryOut entry, ClientLink link)
    {
        if (!state.Nodes.TryBound(node, link.Epoch, out var client) || !state.Nodes.TryAttr(node, out var known) || !TryAttributes(client, link, out var old))
            return false;
        var there = entry.Attr;
        if (there.Ino == old.Ino)
            return true;
        if (there.Ino != entry.NodeId && old.Ino == known.Ino)
            return false;
        return there.Nlink > 1
            || (there.Mode, there.FileSize, there.Uid, there.Gid, there.Mtime, there.MtimeNsec) == (old.Mode, old.FileSize, old.Uid, old.Gid, old.Mtime, old.MtimeNsec);
    }

    private static bool TryAttributes(ClientNode node, ClientLink link, out Attr attr)
    {
        Span<byte> request = stackalloc byte[InHeader.Size + 16]; // fuse_getattr_in
        Span<byte> reply = stackalloc byte[OutHeader.Size + AttrOut.Size];
        request.Clear();
        fixed (byte* head = request, message = reply)
        {
            *(InHeader*)head = new InHeader { Opcode = Opcode.Getattr, NodeId = node.Id };
            int error = Resolver.Ask(link, request, reply, AttrOut.Size);
            attr = error == 0 ? ((AttrOut*)(message + OutHeader.Size))->Attr : default;
            return error == 0;
        }
    }

    private static bool PointsTo(in EntryOut entry, ReadOnlySpan<byte> target, ClientLink link)
    {
        Span<byte> request = stackalloc byte[InHeader.Size];
        byte[] reply = new byte[OutHeader.Size + 4096];
        fixed (byte* head = request)
            *(InHeader*)head = new InHeader { Opcode = Opcode.Readlink, NodeId = entry.NodeId };
        return Resolver.Ask(link, request, reply, target.Length) == 0 && reply.AsSpan(OutHeader.Size, target.Length).SequenceEqual(target);
    }

    private int Open(Slot* slot, in EntryOut entry, ClientLink link, out OpenOut open)
    {
        byte* request = state.Requests.RequestOf(slot);
        var header = (InHeader*)request;
        const uint CreateFlags = 0x40 | 0x80 | 0x200; // O_CREAT | O_EXCL | O_TRUNC
        Span<byte> own = stackalloc byte[InHeader.Size + 8];
        Span<byte> reply = stackalloc byte[OutHeader.Size + OpenOut.Size];
        own.Clear();
        fixed (byte* head = own)
        {
            *(InHeader*)head = new InHeader { Opcode = Opcode.Open, NodeId = entry.NodeId, Uid = header->Uid, Gid = header->Gid, Pid = header->Pid };
            *(uint*)(head + InHeader.Size) = *(uint*)(request + InHeader.Size) & ~CreateFlags;
        }
        reply.Clear();
        int error = Resolver.Ask(link, own, reply, OpenOut.Size);
        fixed (byte* message = reply)
            open = *(OpenOut*)(message + OutHeader.Size);
        return error == Errno.ENOSYS ? 0 : error; // keeps no handles: 0 is its handle
    }

    /// <summary>A name, looked up for its being there alone.</summary>
    private int Look(Slot* slot, ulong parent, ReadOnlySpan<byte> name, ClientLink link, out EntryOut entry)
    {
        var header = (InHeader*)state.Requests.RequestOf(slot);
        int error = resolver.LookUp((uint)parent, name, link, header->Uid, header->Gid, out entry);
        if (error == 0)
            state.Nodes.ForgetAtClient(new(entry.NodeId), 1, link.Epoch);
        return error;
    }

    /// <summary>The request once more, with this client's ids. Returns 0 with the reply, or the positive error number.</summary>
    private int Repeat(Slot* slot, ClientLink link, byte[] reply)
    {
        byte* request = state.Requests.RequestOf(slot);
        byte[] message = new ReadOnlySpan<byte>(request, (int)slot->Length).ToArray();
        fixed (byte* head = message)
        {
            byte* translated = stackalloc byte[Translation.HeadCapacity];
            if (Translation.TryTranslate(state, request, slot->Length, link.Epoch, 0, translated, out int length) != Translated.Ready)
                return Errno.ESTALE;
            Buffer.MemoryCopy(translated, head, message.Length, length);
        }
        int body = Opcodes.Of(((InHeader*)request)->Opcode).Reply switch
        {
            ReplyBody.Entry => EntryOut.Size,
            ReplyBody.EntryOpen => EntryOut.Size + OpenOut.Size,
            _ => 0,
        };
        return Resolver.Ask(link, message, reply.AsSpan(0, OutHeader.Size + EntryOut.Size + OpenOut.Size), body);
    }

    private static int Done(byte[] reply)
    {
        fixed (byte* message = reply)
            *(OutHeader*)message = new OutHeader { Len = OutHeader.Size };
        return 0;
    }
}
