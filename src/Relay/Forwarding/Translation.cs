using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Forwarding;

/// <summary>What became of a request's ids.</summary>
internal enum Translated
{
    /// <summary>Every id is the client's now.</summary>
    Ready,
    /// <summary>The client of this epoch does not know a node or handle yet.</summary>
    Unresolved,
}

/// <summary>The ids of a request: the kernel's on the way in, the client's on the way out. Reads records, takes no lock.</summary>
internal static unsafe class Translation
{
    /// <summary>Bytes from the start that may hold ids: the header and COPY_FILE_RANGE's body.</summary>
    public const int HeadCapacity = InHeader.Size + 56;

    /// <summary>
    /// Copies the head of <paramref name="request"/> to <paramref name="head"/> and puts the ids there that the client of
    /// <paramref name="epoch"/> knows, and <paramref name="unique"/>. The request itself stays the kernel's: it may be needed again.
    /// </summary>
    /// <returns>Whether every id was known; <paramref name="headLength"/> is set in any case.</returns>
    public static Translated TryTranslate(SessionState state, byte* request, uint length, uint epoch, ulong unique, byte* head, out int headLength)
    {
        headLength = (int)Math.Min(length, HeadCapacity);
        Buffer.MemoryCopy(request, head, HeadCapacity, headLength);
        var header = (InHeader*)head;
        byte* body = head + InHeader.Size;
        header->Unique = unique;
        if (!Node(state, &header->NodeId, epoch))
            return Translated.Unresolved;
        bool known = header->Opcode switch
        {
            Opcode.Read or Opcode.Write => Handle(state, body, epoch),
            Opcode.Lookup => true,
            Opcode.Getattr => (*(uint*)body & FuseAbi.GetattrFh) == 0 || Handle(state, body + 8, epoch),
            Opcode.Setattr => (*(uint*)body & FuseAbi.SetattrFh) == 0 || Handle(state, body + 8, epoch),
            Opcode.Link or Opcode.Rename or Opcode.Rename2 => Node(state, (ulong*)body, epoch),
            Opcode.Readdir or Opcode.Readdirplus => Stream(state, body, epoch),
            Opcode.CopyFileRange or Opcode.CopyFileRange64 =>
                Handle(state, body, epoch) && Node(state, (ulong*)(body + 16), epoch) && Handle(state, body + 24, epoch),
            var opcode => Opcodes.Of(opcode).Fh < 0 || Handle(state, body, epoch),
        };
        return known ? Translated.Ready : Translated.Unresolved;
    }

    /// <summary>The nodes and handles of the kernel's that a request names, for those who must resolve them.</summary>
    public static void Names(byte* request, Span<ulong> nodes, out int nodeCount, Span<ulong> handles, out int handleCount)
    {
        var header = (InHeader*)request;
        byte* body = request + InHeader.Size;
        (nodes[0], nodeCount, handleCount) = (header->NodeId, 1, 0);
        switch (header->Opcode)
        {
            case Opcode.Getattr when (*(uint*)body & FuseAbi.GetattrFh) != 0:
            case Opcode.Setattr when (*(uint*)body & FuseAbi.SetattrFh) != 0:
                handles[handleCount++] = *(ulong*)(body + 8);
                break;
            case Opcode.Link or Opcode.Rename or Opcode.Rename2:
                nodes[nodeCount++] = *(ulong*)body;
                break;
            case Opcode.CopyFileRange or Opcode.CopyFileRange64:
                handles[handleCount++] = *(ulong*)body;
                nodes[nodeCount++] = *(ulong*)(body + 16);
                handles[handleCount++] = *(ulong*)(body + 24);
                break;
            default:
                if (Opcodes.Of(header->Opcode).Fh >= 0)
                    handles[handleCount++] = *(ulong*)body;
                break;
        }
    }

    /// <summary>The name that a request puts into, or takes from, the directory of its header: empty where it has none.</summary>
    public static ReadOnlySpan<byte> NameOf(byte* request, uint length)
    {
        int offset = ((InHeader*)request)->Opcode switch
        {
            Opcode.Lookup or Opcode.Symlink or Opcode.Unlink or Opcode.Rmdir => 0,
            Opcode.Mkdir or Opcode.Link or Opcode.Rename => 8,
            Opcode.Mknod or Opcode.Create or Opcode.Rename2 => 16,
            _ => -1,
        };
        return offset < 0 ? [] : Text(request, length, InHeader.Size + offset);
    }

    /// <summary>The text after the name: RENAME's new name, SYMLINK's target.</summary>
    public static ReadOnlySpan<byte> SecondNameOf(byte* request, uint length)
    {
        var first = NameOf(request, length);
        fixed (byte* start = first)
            return first.IsEmpty ? [] : Text(request, length, (int)(start - request) + first.Length + 1);
    }

    private static ReadOnlySpan<byte> Text(byte* request, uint length, int offset)
    {
        if (offset >= length)
            return [];
        var rest = new ReadOnlySpan<byte>(request + offset, (int)length - offset);
        int end = rest.IndexOf((byte)0);
        return end < 0 ? [] : rest[..end];
    }

    private static bool Node(SessionState state, ulong* id, uint epoch)
    {
        if (!state.Nodes.TryBound(*id, epoch, out var client))
            return false;
        *id = client.Id;
        return true;
    }

    private static bool Handle(SessionState state, byte* fh, uint epoch)
    {
        if (!state.Handles.TryBound(*(ulong*)fh, epoch, out var client))
            return false;
        *(ulong*)fh = client.Fh;
        return true;
    }

    /// <summary>A stream that goes on under our cookies is served here and not by the client.</summary>
    private static bool Stream(SessionState state, byte* body, uint epoch)
    {
        ulong handle = *(ulong*)body;
        return (!state.Handles.IsLive(handle) || state.Handles[handle]->OwnCookies == 0) && Handle(state, body, epoch);
    }
}
