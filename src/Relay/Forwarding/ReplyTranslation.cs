using Sluice.Linux;
using Sluice.Relay.Fuse;
using Sluice.Relay.Recovery;
using Sluice.Relay.State;

namespace Sluice.Relay.Forwarding;

/// <summary>
/// A client's successful reply, checked against what its request can be answered with, taken into the tables and given the
/// kernel's ids. A client is not trusted: whatever does not fit becomes EIO, and nothing is read beyond what it sent.
/// </summary>
internal sealed unsafe class ReplyTranslation(SessionState state, UnflushedWrites unflushed, Counters counters)
{
    /// <summary>Checks and translates <paramref name="message"/> in place.</summary>
    /// <param name="slot">The kernel's request.</param>
    /// <param name="message">The reply, header first; its length is the header's.</param>
    /// <param name="epoch">The client's.</param>
    /// <returns>0, or the positive error number that the kernel gets instead.</returns>
    public int Take(Slot* slot, byte* message, uint epoch)
    {
        byte* request = state.Requests.RequestOf(slot);
        var header = (InHeader*)request;
        byte* asked = request + InHeader.Size;
        byte* body = message + OutHeader.Size;
        int length = (int)((OutHeader*)message)->Len - OutHeader.Size;
        return Opcodes.Of(header->Opcode).Reply switch
        {
            ReplyBody.None => length == 0 ? TakeNothing(slot, epoch) : Violation(),
            ReplyBody.Entry => length == EntryOut.Size ? TakeEntry(slot, (EntryOut*)body, epoch) : Violation(),
            ReplyBody.EntryOpen => length == EntryOut.Size + OpenOut.Size ? TakeEntryOpen(slot, asked, body, epoch) : Violation(),
            ReplyBody.Attr => length == AttrOut.Size ? TakeAttr(header, asked, (AttrOut*)body) : Violation(),
            ReplyBody.Open => length == OpenOut.Size ? TakeOpen(slot, asked, (OpenOut*)body, epoch) : Violation(),
            ReplyBody.Data => length <= *(uint*)(asked + 16) ? TakeRead(length) : Violation(),
            ReplyBody.Target => length is > 0 and < 4096 ? 0 : Violation(),
            ReplyBody.Written => length == 8 ? TakeWritten(header, asked, body) : Violation(),
            ReplyBody.Statfs => length == StateHeader.StatfsBytes.Size ? TakeStatfs(body) : Violation(),
            ReplyBody.Xattr => (*(uint*)asked == 0 ? length == 8 : length <= *(uint*)asked) ? 0 : Violation(),
            ReplyBody.Lock => length == 24 ? 0 : Violation(),
            ReplyBody.Eight => length == 8 ? TakeEight(header, asked) : Violation(),
            ReplyBody.Ioctl => length >= 16 && length - 16 <= *(uint*)(asked + 28) ? 0 : Violation(),
            ReplyBody.Dirents => length <= *(uint*)(asked + 16) ? TakeDirents(header, asked, body, length) : Violation(),
            ReplyBody.DirentsPlus => length <= *(uint*)(asked + 16) ? TakeDirentsPlus(slot, asked, body, length, epoch) : Violation(),
            _ => Violation(),
        };
    }

    /// <summary>Notes in the slot of a RENAME which nodes have its names, before <see cref="Take"/> changes that: an heir does the same with them.</summary>
    public void NoteMove(Slot* slot)
    {
        byte* request = state.Requests.RequestOf(slot);
        byte* asked = request + InHeader.Size;
        var header = (InHeader*)request;
        if (header->Opcode is not (Opcode.Rename or Opcode.Rename2))
            return;
        const uint RenameExchange = 2;
        bool exchange = header->Opcode == Opcode.Rename2 && (*(uint*)(asked + 8) & RenameExchange) != 0;
        CrashPoint.Pass();
        slot->Moved = state.Nodes.Find((uint)header->NodeId, Translation.NameOf(request, slot->Length));
        slot->Exchanged = exchange ? state.Nodes.Find((uint)*(ulong*)asked, Translation.SecondNameOf(request, slot->Length)) : 0;
    }

    /// <summary>
    /// Takes a reply to a request that the kernel no longer waits for, and whose nodes it may have forgotten: what the client
    /// did counts, what it handed out is owed back to it.
    /// </summary>
    /// <returns>What the client has open for nobody, or null.</returns>
    public (ClientNode Node, ClientHandle Handle)? TakeLate(Slot* slot, byte* message, uint epoch)
    {
        var header = (InHeader*)state.Requests.RequestOf(slot);
        byte* body = message + OutHeader.Size;
        int length = (int)((OutHeader*)message)->Len - OutHeader.Size;
        switch (Opcodes.Of(header->Opcode).Reply)
        {
            case ReplyBody.None or ReplyBody.Written:
                NoteMove(slot);
                _ = Take(slot, message, epoch);
                return null;
            case ReplyBody.Entry when length == EntryOut.Size:
                ForgetAtClient((EntryOut*)body, epoch);
                return null;
            case ReplyBody.EntryOpen when length == EntryOut.Size + OpenOut.Size:
                ForgetAtClient((EntryOut*)body, epoch);
                return (new(((EntryOut*)body)->NodeId), new(((OpenOut*)(body + EntryOut.Size))->Fh));
            case ReplyBody.Open when length == OpenOut.Size && state.Nodes.TryBound(header->NodeId, epoch, out var node):
                return (node, new(((OpenOut*)body)->Fh));
            case ReplyBody.DirentsPlus when EntriesFit(body, length, EntryOut.Size):
                for (int at = 0; at < length; at += EntryOut.Size + Dirent.Padded((int)((Dirent*)(body + at + EntryOut.Size))->Namelen))
                {
                    if (!IsDots(NameOf((Dirent*)(body + at + EntryOut.Size))))
                        ForgetAtClient((EntryOut*)(body + at), epoch);
                }
                return null;
            default:
                return null;
        }
    }

    /// <summary>Takes back what <see cref="Take"/> counted and opened for a reply that the kernel has not got.</summary>
    public void TakeBack(Slot* slot, uint epoch)
    {
        if (slot->Opened != 0)
            Close(slot->Opened, null);
        state.Nodes.TakeBack(slot, epoch);
    }

    /// <summary>Gives a handle's record back, and what its stream has delivered.</summary>
    private void Close(ulong handle, Slot* release)
    {
        if (!state.Handles.IsLive(handle))
            return;
        unflushed.Closed(state.Handles[handle]->Node, handle);
        state.Directories.Clear(state.Handles[handle]);
        state.Handles.Close(handle, release);
    }

    private int Violation()
    {
        counters.Violations++;
        return Errno.EIO;
    }

    private int TakeNothing(Slot* slot, uint epoch)
    {
        byte* request = state.Requests.RequestOf(slot);
        var header = (InHeader*)request;
        byte* asked = request + InHeader.Size;
        uint node = (uint)header->NodeId;
        switch (header->Opcode)
        {
            case Opcode.Unlink or Opcode.Rmdir:
                uint removed = state.Nodes.Find(node, Translation.NameOf(request, slot->Length));
                state.Nodes.RemoveName(node, Translation.NameOf(request, slot->Length), epoch);
                unflushed.NameGone(removed);
                break;
            case Opcode.Rename or Opcode.Rename2:
                uint replaced = state.Nodes.Find((uint)*(ulong*)asked, Translation.SecondNameOf(request, slot->Length));
                state.Nodes.MoveName(node, Translation.NameOf(request, slot->Length), (uint)*(ulong*)asked, Translation.SecondNameOf(request, slot->Length), slot->Moved, slot->Exchanged, epoch);
                unflushed.NameGone(replaced);
                break;
            case Opcode.Release or Opcode.Releasedir:
                Close(*(ulong*)asked, slot);
                break;
            case Opcode.Fsync or Opcode.Flush:
                return unflushed.Synced(header->Opcode, node, *(ulong*)asked, slot->SyncClock) ? Errno.EIO : 0;
            case Opcode.Fallocate:
                unflushed.Changed(node, *(ulong*)asked);
                break;
            default:
                break;
        }
        return 0;
    }

    private int TakeEntry(Slot* slot, EntryOut* entry, uint epoch)
    {
        var header = (InHeader*)state.Requests.RequestOf(slot);
        if (entry->NodeId == 0)
            return header->Opcode == Opcode.Lookup ? 0 : Violation();
        if (entry->NodeId == FuseAbi.RootId)
            return Violation();
        uint node = state.Nodes.Learn((uint)header->NodeId, Translation.NameOf((byte*)header, slot->Length), entry, epoch, slot);
        if (node == 0)
        {
            state.Nodes.ForgetAtClient(new(entry->NodeId), 1, epoch);
            return Errno.ENOMEM;
        }
        entry->NodeId = node;
        entry->Generation = state.Nodes.GenerationOf(node);
        return 0;
    }

    private int TakeEntryOpen(Slot* slot, byte* asked, byte* body, uint epoch)
    {
        var header = (InHeader*)state.Requests.RequestOf(slot);
        var entry = (EntryOut*)body;
        var open = (OpenOut*)(body + EntryOut.Size);
        if (entry->NodeId is 0 or FuseAbi.RootId || (entry->Attr.Mode & FuseAbi.S_IFMT) != FuseAbi.S_IFREG)
            return Violation();
        var client = new ClientNode(entry->NodeId);
        uint node = header->Opcode == Opcode.Tmpfile
            ? state.Nodes.LearnUnnamed(entry, epoch, slot)
            : state.Nodes.Learn((uint)header->NodeId, Translation.NameOf((byte*)header, slot->Length), entry, epoch, slot);
        if (node == 0)
        {
            state.Nodes.ForgetAtClient(client, 1, epoch);
            return Errno.ENOMEM;
        }
        entry->NodeId = node;
        entry->Generation = state.Nodes.GenerationOf(node);
        int error = Opened(slot, node, false, *(uint*)asked, open, epoch);
        if (error != 0)
            TakeBack(slot, epoch);
        return error;
    }

    private int TakeOpen(Slot* slot, byte* asked, OpenOut* open, uint epoch)
    {
        var header = (InHeader*)state.Requests.RequestOf(slot);
        return Opened(slot, (uint)header->NodeId, header->Opcode == Opcode.Opendir, *(uint*)asked, open, epoch);
    }

    private int Opened(Slot* slot, uint node, bool directory, uint flags, OpenOut* open, uint epoch)
    {
        uint handle = state.Handles.Open(node, directory, flags, (InHeader*)state.Requests.RequestOf(slot), new(open->Fh), epoch, slot);
        if (handle == 0)
            return Errno.ENOMEM; // the client keeps its handle until it ends: the kernel's table of 65,536 is full
        const uint Truncating = 0x200; // O_TRUNC
        if ((flags & Truncating) != 0 && !directory)
        {
            state.Nodes.Empty(node);
            unflushed.Truncated(node, 0);
        }
        open->Fh = handle;
        open->OpenFlags &= ~OpenOut.Passthrough;
        open->BackingId = 0;
        return 0;
    }

    private int TakeAttr(InHeader* header, byte* asked, AttrOut* reply)
    {
        if (header->Opcode == Opcode.Setattr && (*(uint*)asked & FuseAbi.SetattrSize) != 0)
            unflushed.Truncated(header->NodeId, *(ulong*)(asked + 16));
        state.Nodes.Pin(header->NodeId, &reply->Attr);
        return 0;
    }

    private int TakeRead(int length)
    {
        counters.Reads++;
        counters.BytesRead += length;
        return 0;
    }

    private int TakeWritten(InHeader* header, byte* asked, byte* body)
    {
        if (header->Opcode != Opcode.Write)
            return TakeEight(header, asked);
        if (*(uint*)body > *(uint*)(asked + 16))
            return Violation();
        state.Nodes.Extend(header->NodeId, *(ulong*)(asked + 8) + *(uint*)body);
        unflushed.Written(header->NodeId, *(ulong*)asked, *(ulong*)(asked + 8), asked + 40, *(uint*)body);
        counters.Writes++;
        counters.BytesWritten += *(uint*)body;
        return 0;
    }

    private int TakeEight(InHeader* header, byte* asked)
    {
        if (header->Opcode is Opcode.CopyFileRange or Opcode.CopyFileRange64)
            unflushed.Changed(*(ulong*)(asked + 16), *(ulong*)(asked + 24));
        const uint ScheduleNotify = 1; // FUSE_POLL_SCHEDULE_NOTIFY: a task sleeps until the client says so
        if (header->Opcode == Opcode.Poll && (*(uint*)(asked + 16) & ScheduleNotify) != 0 && state.Handles.IsLive(*(ulong*)asked))
            state.Handles.SetPolled(*(ulong*)asked, *(ulong*)(asked + 8));
        return 0;
    }

    private int TakeStatfs(byte* body)
    {
        CrashPoint.Pass();
        Buffer.MemoryCopy(body, &state.Header->Statfs, StateHeader.StatfsBytes.Size, StateHeader.StatfsBytes.Size);
        CrashPoint.Pass();
        state.Header->StatfsKnown = 1;
        return 0;
    }

    private int TakeDirents(InHeader* header, byte* asked, byte* body, int length)
    {
        if (!EntriesFit(body, length, 0))
            return Violation();
        var handle = StreamOf(asked);
        for (int at = 0; at < length;)
        {
            var dirent = (Dirent*)(body + at);
            var name = NameOf(dirent);
            PinDirent((uint)header->NodeId, name, dirent);
            if (handle != null)
                state.Directories.Append(handle, NameHash.Of(name), dirent->Off);
            at += Dirent.Padded((int)dirent->Namelen);
        }
        return 0;
    }

    private int TakeDirentsPlus(Slot* slot, byte* asked, byte* body, int length, uint epoch)
    {
        var header = (InHeader*)state.Requests.RequestOf(slot);
        if (!EntriesFit(body, length, EntryOut.Size))
            return Violation();
        var handle = StreamOf(asked);
        for (int at = 0; at < length;)
        {
            var entry = (EntryOut*)(body + at);
            var dirent = (Dirent*)(body + at + EntryOut.Size);
            var name = NameOf(dirent);
            // The kernel takes no lookup of "." and "..", and a zero node id as "no attributes".
            if (entry->NodeId != 0)
            {
                bool dots = IsDots(name);
                var client = new ClientNode(entry->NodeId);
                bool countable = !dots && client != ClientNode.Root && LookupTally.CountOf(slot) < LookupTally.Capacity;
                uint node = countable ? state.Nodes.Learn((uint)header->NodeId, name, entry, epoch, slot) : 0;
                if (node == 0 && !dots)
                    ForgetAtClient(entry, epoch);
                entry->NodeId = node;
                if (node != 0)
                {
                    entry->Generation = state.Nodes.GenerationOf(node);
                    dirent->Ino = entry->Attr.Ino;
                }
            }
            if (handle != null)
                state.Directories.Append(handle, NameHash.Of(name), dirent->Off);
            at += EntryOut.Size + Dirent.Padded((int)dirent->Namelen);
        }
        return 0;
    }

    /// <summary>The stream's record, its log cut to where the kernel goes on from; null for a client without handles.</summary>
    private HandleRecord* StreamOf(byte* asked)
    {
        ulong fh = *(ulong*)asked;
        if (!state.Handles.IsLive(fh))
            return null;
        var handle = state.Handles[fh];
        if (!state.Directories.TruncateAfter(handle, *(ulong*)(asked + 8)))
            DirectoryLog.SetLost(handle, true);
        return handle;
    }

    private void PinDirent(uint directory, ReadOnlySpan<byte> name, Dirent* dirent)
    {
        uint node = state.Nodes.Find(directory, name);
        if (node != 0 && state.Nodes.TryAttr(node, out var attr))
            dirent->Ino = attr.Ino;
    }

    private void ForgetAtClient(EntryOut* entry, uint epoch)
    {
        if (entry->NodeId is not (0 or FuseAbi.RootId))
            state.Nodes.ForgetAtClient(new(entry->NodeId), 1, epoch);
    }

    private static ReadOnlySpan<byte> NameOf(Dirent* dirent) => new(dirent + 1, (int)dirent->Namelen);

    private static bool IsDots(ReadOnlySpan<byte> name) => name is [(byte)'.'] or [(byte)'.', (byte)'.'];

    /// <summary>Whether the entries fill the body exactly, with names that a directory can hold.</summary>
    private static bool EntriesFit(byte* body, int length, int prefix)
    {
        int at = 0;
        while (length - at >= prefix + Dirent.Size)
        {
            uint name = ((Dirent*)(body + at + prefix))->Namelen;
            if (name is 0 or > FuseAbi.NameMax || Dirent.Padded((int)name) > length - at - prefix || NameOf((Dirent*)(body + at + prefix)).IndexOfAny((byte)'/', (byte)0) >= 0)
                return false;
            at += prefix + Dirent.Padded((int)name);
        }
        return at == length;
    }
}
