using System.Runtime.InteropServices;
using Sluice.Linux;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Recovery;

/// <summary>
/// Directory streams that were open when their client died. Cookies are a client's own: the next one would go on somewhere
/// else (rclone at 9664, bindfs at 204 of 302). Such a stream goes on with a fresh listing less the names that were
/// delivered, under cookies of the relay's own; a rewind gives it back to the client.
/// </summary>
internal sealed unsafe class DirectoryStreams(SessionState state, Answers answers)
{
    private const ulong OwnCookie = 1UL << 62;
    private const int ReadSize = 32 << 10;
    private const int MaxListing = 64 << 20; // bytes of a listing that is kept: arbitrary, about a million names

    private readonly Dictionary<ulong, Listing> _listings = []; // guarded by itself

    /// <summary>Answers a READDIR of such a stream; leaves every other to the client.</summary>
    public Resolution Serve(Slot* slot, ulong handle, ClientLink link)
    {
        byte* request = state.Requests.RequestOf(slot);
        byte* asked = request + InHeader.Size;
        var record = state.Handles[handle];
        if (record->OwnCookies == 0)
            return Resolution.Send;
        ulong cookie = *(ulong*)(asked + 8);
        if (cookie == 0)
        {
            CrashPoint.Pass();
            record->OwnCookies = 0;
            state.Directories.Clear(record);
            return Resolution.Send;
        }
        if (record->StreamLost == 1 || !state.Directories.TruncateAfter(record, cookie))
        {
            answers.InPlace(slot, Errno.EIO);
            return Resolution.Answered;
        }
        if (!TryListing(handle, record, cookie, link, out var listing, out int error))
        {
            if (error == ClientLink.Lost)
                return Resolution.Ended;
            answers.InPlace(slot, error);
            return Resolution.Answered;
        }
        int size = (int)Math.Min(*(uint*)(asked + 16), state.Geometry.LargeBufferSize - OutHeader.Size);
        byte* message = (byte*)NativeMemory.AllocZeroed((nuint)(OutHeader.Size + size));
        int length = listing.Write(cookie, message + OutHeader.Size, size, ((InHeader*)request)->Opcode == Opcode.Readdirplus ? EntryOut.Size : 0);
        ((OutHeader*)message)->Len = (uint)(OutHeader.Size + length);
        InFlight.Set(slot, Slot.WordOf(SlotState.Answering));
        answers.WithReply(slot, message, link.Epoch);
        NativeMemory.Free(message);
        return Resolution.Answered;
    }

    private bool TryListing(ulong handle, HandleRecord* record, ulong cookie, ClientLink link, out Listing listing, out int error)
    {
        error = 0;
        lock (_listings)
        {
            if (_listings.TryGetValue(handle, out listing!) && listing.Epoch == link.Epoch && listing.Covers(cookie))
                return true;
        }
        listing = new Listing(link.Epoch, cookie, state.Directories.Delivered(record));
        error = Read(handle, record, link, listing);
        if (error != 0)
            return false;
        lock (_listings)
        {
            foreach (var (old, stale) in _listings)
            {
                if (stale.Epoch != link.Epoch)
                    _listings.Remove(old);
            }
            _listings[handle] = listing;
        }
        return true;
    }

    private int Read(ulong handle, HandleRecord* record, ClientLink link, Listing listing)
    {
        if (!state.Nodes.TryBound(record->Node, link.Epoch, out var node) || !state.Handles.TryBound(handle, link.Epoch, out var client))
            return Errno.ESTALE;
        Span<byte> request = stackalloc byte[InHeader.Size + 40]; // fuse_read_in
        byte[] reply = new byte[OutHeader.Size + ReadSize];
        ulong offset = 0;
        for (int total = 0; total < MaxListing;)
        {
            request.Clear();
            fixed (byte* head = request)
            {
                *(InHeader*)head = new InHeader { Opcode = Opcode.Readdir, NodeId = node.Id, Uid = record->Uid, Gid = record->Gid };
                *(ulong*)(head + InHeader.Size) = client.Fh;
                *(ulong*)(head + InHeader.Size + 8) = offset;
                *(uint*)(head + InHeader.Size + 16) = ReadSize;
            }
            int length = link.Ask(request, reply);
            if (length < OutHeader.Size)
                return length < 0 ? ClientLink.Lost : Errno.EIO;
            if (MemoryMarshal.Read<OutHeader>(reply).Error is not 0 and var failed)
                return -failed is > 0 and <= FuseAbi.MaxErrno ? -failed : Errno.EIO;
            if (length == OutHeader.Size)
                return 0;
            if (!listing.Add(reply.AsSpan(OutHeader.Size, length - OutHeader.Size), ref offset))
                return Errno.EIO;
            total += length;
        }
        return Errno.EFBIG;
    }

    /// <summary>What is left of a directory after the names that were delivered.</summary>
    private sealed class Listing(uint epoch, ulong start, HashSet<ulong> delivered)
    {
        private readonly List<byte> _names = [];
        private readonly List<(int At, byte Length, uint Type, ulong Ino)> _entries = [];
        // Counted from what was delivered: no cookie of the log is given twice.
        private readonly ulong _base = OwnCookie | ((ulong)delivered.Count << 1);

        public uint Epoch => epoch;

        public bool Covers(ulong cookie) => cookie == start || (cookie > _base && cookie <= _base + (ulong)_entries.Count);

        /// <summary>Takes the entries of one reply in; false where they are none.</summary>
        public bool Add(ReadOnlySpan<byte> dirents, ref ulong offset)
        {
            while (dirents.Length >= Dirent.Size)
            {
                var dirent = MemoryMarshal.Read<Dirent>(dirents);
                if (dirent.Namelen is 0 or > FuseAbi.NameMax || Dirent.Padded((int)dirent.Namelen) > dirents.Length)
                    return false;
                var name = dirents.Slice(Dirent.Size, (int)dirent.Namelen);
                if (!delivered.Contains(NameHash.Of(name)))
                {
                    _entries.Add((_names.Count, (byte)name.Length, dirent.Type, dirent.Ino));
                    _names.AddRange(name);
                }
                offset = dirent.Off;
                dirents = dirents[Dirent.Padded((int)dirent.Namelen)..];
            }
            return true;
        }

        /// <summary>Writes the entries after <paramref name="cookie"/>, as many as fit; each after <paramref name="prefix"/> zero bytes. Returns the length.</summary>
        public int Write(ulong cookie, byte* body, int size, int prefix)
        {
            int at = 0;
            var names = CollectionsMarshal.AsSpan(_names);
            for (int i = cookie == start ? 0 : (int)(cookie - _base); i < _entries.Count; i++)
            {
                var entry = _entries[i];
                int length = prefix + Dirent.Padded(entry.Length);
                if (at + length > size)
                    break;
                var dirent = (Dirent*)(body + at + prefix);
                *dirent = new Dirent { Ino = entry.Ino, Off = _base + (ulong)i + 1, Namelen = entry.Length, Type = entry.Type };
                names.Slice(entry.At, entry.Length).CopyTo(new Span<byte>(dirent + 1, entry.Length));
                at += length;
            }
            return at;
        }
    }
}
