using Sluice.Linux;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Recovery;

/// <summary>What became of a request that had to be resolved.</summary>
internal enum Resolution
{
    /// <summary>The client knows all that it names: send it.</summary>
    Send,
    /// <summary>It was answered.</summary>
    Answered,
    /// <summary>The client died meanwhile, or went silent.</summary>
    Ended,
}

/// <summary>
/// Teaches a new client what the old one knew, when it is needed: nodes are looked up again by their names, from the root
/// down, and files opened again in the name of who had opened them.
/// </summary>
internal sealed unsafe class Resolver(SessionState state, Answers answers)
{
    private const uint NotForReopening = 0x40 | 0x80 | 0x200; // O_CREAT | O_EXCL | O_TRUNC: done once, by the first open
    public const uint Append = 0x400; // O_APPEND

    private readonly DirectoryStreams _streams = new(state, answers);
    private readonly Lock[] _opening = [.. Enumerable.Range(0, 16).Select(_ => new Lock())];

    /// <summary>Makes every id of a request known to the client of <paramref name="link"/>, or answers it.</summary>
    public Resolution Resolve(Slot* slot, ClientLink link)
    {
        byte* request = state.Requests.RequestOf(slot);
        var header = (InHeader*)request;
        Span<ulong> nodes = stackalloc ulong[2];
        Span<ulong> handles = stackalloc ulong[2];
        Translation.Names(request, nodes, out int nodeCount, handles, out int handleCount);
        if (handleCount > 0 && !state.Handles.TryBound(handles[0], link.Epoch, out _) && AnswerUnknown(slot, header))
            return Resolution.Answered;
        int error = 0;
        for (int i = 0; i < nodeCount && error == 0; i++)
            error = ResolveNode(nodes[i], link, header->Uid, header->Gid);
        for (int i = 0; i < handleCount && error == 0; i++)
            error = ResolveHandle(handles[i], link);
        if (error == ClientLink.Lost)
            return Resolution.Ended;
        if (error != 0)
        {
            answers.InPlace(slot, error);
            return Resolution.Answered;
        }
        if (header->Opcode is Opcode.Readdir or Opcode.Readdirplus && state.Handles.IsLive(handles[0]))
            return _streams.Serve(slot, handles[0], link);
        if (header->Opcode == Opcode.Write && slot->WasSent == 1 && state.Handles.IsLive(handles[0]) && (state.Handles[handles[0]]->OpenFlags & Append) != 0)
            return WriteAtItsOffset(slot, handles[0], link);
        return Resolution.Send;
    }

    /// <summary>
    /// Looks a node up by its names until the client knows it, its directories first. Returns 0 or the positive error number;
    /// <see cref="ClientLink.Lost"/> when the client is gone or silent.
    /// </summary>
    public int ResolveNode(ulong node, ClientLink link, uint uid, uint gid)
    {
        if (state.Nodes.TryBound(node, link.Epoch, out _))
            return 0;
        if (node == NodeTable.Root)
        {
            state.Nodes.BindRoot(link.Epoch);
            return 0;
        }
        return state.Nodes.IsLive(node) ? ResolveByName((uint)node, link, uid, gid) : Errno.ESTALE;
    }

    /// <summary>No recursion, for paths may be deep; and each node once, for a client may say that directories contain each other.</summary>
    private int ResolveByName(uint node, ClientLink link, uint uid, uint gid)
    {
        var path = new Stack<(uint Node, int Position)>([(node, 0)]);
        var seen = new HashSet<uint> { node };
        Span<byte> name = stackalloc byte[FuseAbi.NameMax];
        int error = Errno.ESTALE;
        while (path.TryPop(out var step))
        {
            if (!state.Nodes.TryName(step.Node, step.Position, out uint parent, name, out int length))
                continue; // no name of it leads there: the last error stands
            bool known = parent == NodeTable.Root || state.Nodes.TryBound(parent, link.Epoch, out _);
            if (!known && seen.Add(parent))
            {
                path.Push(step);
                path.Push((parent, 0));
                continue;
            }
            if (known)
                error = ResolveIn(parent, name[..length], step.Node, link, uid, gid);
            else if (error == 0)
                error = Errno.ESTALE; // the directory is being resolved further down
            if (error == ClientLink.Lost)
                return error;
            if (error != 0)
                path.Push((step.Node, step.Position + 1));
        }
        return error;
    }

    /// <summary>A name in a directory that the client knows.</summary>
    private int ResolveIn(uint parent, ReadOnlySpan<byte> name, uint node, ClientLink link, uint uid, uint gid)
    {
        if (parent == NodeTable.Root)
            state.Nodes.BindRoot(link.Epoch);
        int error = LookUp(parent, name, link, uid, gid, out var entry);
        if (error == 0)
            error = Take(node, entry, link);
        // A name that is gone is tried again under the node's next; anything else (EIO, EACCES) is the server's word.
        return error is Errno.ENOENT or Errno.ENOTDIR ? Errno.ESTALE : error;
    }

    /// <summary>LOOKUP at the client, whose count the caller owes it. Returns 0 or the positive error number.</summary>
    public int LookUp(uint parent, ReadOnlySpan<byte> name, ClientLink link, uint uid, uint gid, out EntryOut entry)
    {
        entry = default;
        if (name.Length > FuseAbi.NameMax)
            return Errno.ENAMETOOLONG; // an application may ask for it, and no directory here holds it
        if (!state.Nodes.TryBound(parent, link.Epoch, out var directory))
            return Errno.ESTALE;
        Span<byte> request = stackalloc byte[InHeader.Size + FuseAbi.NameMax + 1];
        request.Clear();
        fixed (byte* head = request)
            *(InHeader*)head = new InHeader { Opcode = Opcode.Lookup, NodeId = directory.Id, Uid = uid, Gid = gid };
        name.CopyTo(request[InHeader.Size..]);
        Span<byte> reply = stackalloc byte[OutHeader.Size + EntryOut.Size];
        int error = Ask(link, request[..(InHeader.Size + name.Length + 1)], reply, EntryOut.Size);
        if (error != 0)
            return error;
        fixed (byte* message = reply)
            entry = *(EntryOut*)(message + OutHeader.Size);
        // No name is the root's: whoever took that would tell the client to forget it.
        return entry.NodeId switch { 0 => Errno.ENOENT, FuseAbi.RootId => Errno.EIO, _ => 0 };
    }

    /// <summary>A request of our own. Returns 0 with a body of exactly <paramref name="body"/> bytes in <paramref name="reply"/>, or the positive error number.</summary>
    public static int Ask(ClientLink link, Span<byte> request, Span<byte> reply, int body, bool patient = false)
    {
        int length = link.Ask(request, reply, patient: patient);
        if (length < 0)
            return ClientLink.Lost;
        fixed (byte* message = reply)
        {
            int error = -((OutHeader*)message)->Error;
            return error is > 0 and <= FuseAbi.MaxErrno ? error : error != 0 || length != OutHeader.Size + body ? Errno.EIO : 0;
        }
    }

    /// <summary>Opens a handle again at the client. Returns 0 or the positive error number.</summary>
    public int ResolveHandle(ulong handle, ClientLink link)
    {
        lock (_opening[handle % (ulong)_opening.Length]) // two requests of one file open it once
        {
            if (state.Handles.TryBound(handle, link.Epoch, out _))
                return 0;
            if (!state.Handles.IsLive(handle))
                return Errno.EBADF;
            var record = state.Handles[handle];
            if (record->BrokenErrno != 0)
                return record->BrokenErrno;
            int error = ResolveNode(record->Node, link, record->Uid, record->Gid);
            if (error == 0)
                error = Open(record, record->OpenFlags & ~NotForReopening, link, out var client) is not 0 and var failed ? failed : Bound(handle, record, client, link);
            if (error == Errno.ENOENT)
                error = Errno.ESTALE;
            if (error == Errno.ESTALE)
            {
                CrashPoint.Pass();
                record->BrokenErrno = Errno.ESTALE; // its file is gone: nothing brings it back
            }
            return error;
        }
    }

    private int Open(HandleRecord* record, uint flags, ClientLink link, out ClientHandle client)
    {
        client = default;
        return state.Nodes.TryBound(record->Node, link.Epoch, out var node)
            ? ClientFile.Open(node, record->Directory == 1, flags, record->Uid, record->Gid, record->Pid, link, out client)
            : Errno.ESTALE;
    }

    private int Bound(ulong handle, HandleRecord* record, ClientHandle client, ClientLink link)
    {
        if (record->Directory == 1 && (record->FirstBlock != 0 || record->StreamLost == 1))
        {
            CrashPoint.Pass();
            record->OwnCookies = 1; // the cookies that were given out mean nothing to this client
        }
        state.Handles.Bind(handle, client, link.Epoch);
        return 0;
    }

    private int Take(uint node, in EntryOut entry, ClientLink link)
    {
        if (state.Nodes.TryAttr(node, out var known) && (known.Mode & FuseAbi.S_IFMT) != (entry.Attr.Mode & FuseAbi.S_IFMT))
        {
            state.Nodes.ForgetAtClient(new(entry.NodeId), 1, link.Epoch);
            return Errno.ESTALE; // another file has the name
        }
        state.Nodes.Bind(node, new(entry.NodeId), link.Epoch);
        return 0;
    }

    /// <summary>What needs no handle of a client that never opened it.</summary>
    private bool AnswerUnknown(Slot* slot, InHeader* header)
    {
        if (Opcodes.Of(header->Opcode).AfterCrash == AfterCrash.Local)
        {
            answers.Released(slot);
            return true;
        }
        if (!state.IsEmptyFlush(slot))
            return false;
        answers.InPlace(slot, 0);
        return true;
    }

    /// <summary>
    /// A repeated append: the offset is the kernel's view of the end, and a client that opens with O_APPEND would write behind
    /// what it wrote already. So through a handle of its own without the flag.
    /// </summary>
    private Resolution WriteAtItsOffset(Slot* slot, ulong handle, ClientLink link)
    {
        var record = state.Handles[handle];
        int error = Open(record, record->OpenFlags & ~(NotForReopening | Append), link, out var client);
        if (error == 0)
        {
            byte[] request = new ReadOnlySpan<byte>(state.Requests.RequestOf(slot), (int)slot->Length).ToArray();
            Span<byte> reply = stackalloc byte[OutHeader.Size + 8];
            fixed (byte* head = request, message = reply)
            {
                _ = state.Nodes.TryBound(record->Node, link.Epoch, out var node);
                ((InHeader*)head)->NodeId = node.Id;
                *(ulong*)(head + InHeader.Size) = client.Fh;
                *(uint*)(head + InHeader.Size + 32) &= ~Append;
                error = Ask(link, request, reply, 8);
                if (error == 0)
                {
                    int flushed = ClientFile.Sync(node, client, flush: true, record->Uid, record->Gid, link); // closed as close(2) would
                    error = flushed == Errno.ENOSYS ? 0 : flushed;
                }
                if (error != ClientLink.Lost)
                    _ = ClientFile.Release(node, client, record->OpenFlags & ~Append, record->Uid, record->Gid, link);
                if (error == 0)
                {
                    InFlight.Set(slot, Slot.WordOf(SlotState.Answering));
                    answers.WithReply(slot, message, link.Epoch);
                    return Resolution.Answered;
                }
            }
        }
        if (error == ClientLink.Lost)
            return Resolution.Ended;
        answers.InPlace(slot, error);
        return Resolution.Answered;
    }
}
