using System.Text;
using Sluice.Relay.Fuse;

namespace Sluice.Relay.Tests.Scripted;

/// <summary>
/// Files and directories that outlive their clients, as a server's do, and what each client makes of them: ids, handles and
/// cookies of its own, of no meaning to the next. It counts what it hands out and is told to forget, and notes whatever a
/// client must never be asked.
/// </summary>
internal sealed class ScriptedFileSystem
{
    private readonly Lock _gate = new();
    private readonly Inode _root = new(1, FuseAbi.S_IFDIR);
    private readonly List<string> _complaints = []; // guarded by _gate, as all is
    private ulong _lastInode = 1;
    private uint _clients;

    internal sealed class Inode(ulong number, uint type)
    {
        public ulong Number => number;
        public uint Type => type;
        public uint Links = 1;
        public byte[] Data = [];
        public SortedDictionary<string, Inode> Entries { get; } = new(StringComparer.Ordinal);
        public Dictionary<string, byte[]> Attributes { get; } = new(StringComparer.Ordinal);
    }

    /// <summary>What no client should have been asked.</summary>
    public IReadOnlyList<string> Complaints
    {
        get
        {
            lock (_gate)
                return [.. _complaints];
        }
    }

    /// <summary>Called before an answer is given, with the request; false: the client says nothing.</summary>
    public Func<Request, bool>? Before { get; set; }

    /// <summary>Whether POLL is known, and no file is ready.</summary>
    public bool Poll { get; set; }

    /// <summary>The present client.</summary>
    public Client Present { get; private set; } = null!;

    /// <summary>A client over its end of a socket.</summary>
    public ScriptedClient NewClient(Linux.FileDescriptor socket)
    {
        var client = new Client(this, ++_clients);
        Present = client;
        return new ScriptedClient(socket, serve: client.Serve, forgotten: client.Forget);
    }

    /// <summary>A file or directory by its path; null where there is none.</summary>
    public Inode? Find(string path)
    {
        lock (_gate)
        {
            var at = _root;
            foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                if (!at.Entries.TryGetValue(name, out at!))
                    return null;
            }
            return at;
        }
    }

    /// <summary>Makes a file or directory behind the clients' backs.</summary>
    public Inode Make(string path, uint type = FuseAbi.S_IFREG)
    {
        int slash = path.LastIndexOf('/');
        lock (_gate)
            return Add(slash <= 0 ? _root : Find(path[..slash])!, path[(slash + 1)..], type);
    }

    private Inode Add(Inode directory, string name, uint type)
    {
        var inode = new Inode(++_lastInode, type);
        directory.Entries[name] = inode;
        return inode;
    }

    /// <summary>One epoch's view.</summary>
    internal sealed class Client(ScriptedFileSystem server, uint epoch)
    {
        private sealed record Handle(Inode Inode, uint Flags);

        private readonly Dictionary<ulong, Inode> _nodes = new() { [1] = server._root };
        private readonly Dictionary<ulong, ulong> _lookups = [];
        private readonly Dictionary<Inode, ulong> _ids = new() { [server._root] = 1 };
        private readonly Dictionary<ulong, Handle> _handles = [];
        private ulong _next = epoch * 100_003UL;
        private ulong _lastCookie; // the highest that was given out

        /// <summary>Lookups that the relay has not given back, in all.</summary>
        public long Owed
        {
            get
            {
                lock (server._gate)
                    return _lookups.Values.Sum(count => (long)count);
            }
        }

        public int OpenHandles
        {
            get
            {
                lock (server._gate)
                    return _handles.Count;
            }
        }

        public void Forget(ulong node, ulong count)
        {
            lock (server._gate)
            {
                if (_lookups.GetValueOrDefault(node) < count)
                {
                    Complain($"FORGET of {count} of {node}, which has {_lookups.GetValueOrDefault(node)}");
                    return;
                }
                if ((_lookups[node] -= count) > 0)
                    return;
                _ids.Remove(_nodes[node]);
                _nodes.Remove(node);
                _lookups.Remove(node);
            }
        }

        public byte[]? Serve(Request request)
        {
            if (server.Before?.Invoke(request) == false)
                return null;
            lock (server._gate)
            {
                if (!_nodes.TryGetValue(request.NodeId, out var inode))
                {
                    if (request.Opcode != Opcode.Destroy)
                        Complain($"{request.Opcode} of node {request.NodeId}");
                    return Messages.Reply(request.Unique, 116);
                }
                var (error, body) = Answer(request, inode);
                return Messages.Reply(request.Unique, error, error == 0 ? body : []);
            }
        }

        private (int Error, byte[] Body) Answer(Request request, Inode inode)
        {
            byte[] body = request.Body;
            return request.Opcode switch
            {
                Opcode.Lookup => inode.Entries.TryGetValue(body.Text(0), out var found) ? (0, Entry(found)) : (2, []),
                Opcode.Getattr => (0, Attributes(inode)),
                Opcode.Setattr => (0, Resized(inode, body)),
                Opcode.Readlink => (0, inode.Data),
                Opcode.Symlink => Made(inode, body.Text(0), 0xa000, made => made.Data = Encoding.Latin1.GetBytes(body.Text(body.Text(0).Length + 1))),
                Opcode.Mknod => Made(inode, body.Text(16), body.U32() & FuseAbi.S_IFMT),
                Opcode.Mkdir => Made(inode, body.Text(8), FuseAbi.S_IFDIR),
                Opcode.Unlink => Removed(inode, body.Text(0), ofDirectory: false),
                Opcode.Rmdir => Removed(inode, body.Text(0), ofDirectory: true),
                Opcode.Rename => Renamed(inode, body, 8, exchange: false),
                Opcode.Rename2 => Renamed(inode, body, 16, exchange: (body.U32(8) & 2) != 0),
                Opcode.Link => Linked(inode, body),
                Opcode.Open or Opcode.Opendir => (0, Opened(inode, body.U32())),
                Opcode.Create => Created(inode, body),
                Opcode.Read => Under(body.U64(), (_) => (0, [.. inode.Data.Skip((int)body.U64(8)).Take((int)body.U32(16))])),
                Opcode.Write => Under(body.U64(), handle => (0, Written(inode, handle, body))),
                Opcode.Release or Opcode.Releasedir => Under(body.U64(), _ => _handles.Remove(body.U64()) ? (0, []) : (9, [])),
                Opcode.Readdir => Under(body.U64(), _ => (0, Listed(inode, body, plus: false))),
                Opcode.Readdirplus => Under(body.U64(), _ => (0, Listed(inode, body, plus: true))),
                Opcode.Flush or Opcode.Fsync or Opcode.Fsyncdir => Under(body.U64(), _ => (0, [])),
                Opcode.Statfs => (0, new byte[80]),
                Opcode.Access or Opcode.Syncfs => (0, []),
                Opcode.Poll when server.Poll => Under(body.U64(), _ => (0, new byte[8])),
                Opcode.Setxattr => Set(inode, body),
                Opcode.Getxattr => inode.Attributes.TryGetValue(body.Text(8), out byte[]? value) ? (0, value) : (61, []),
                Opcode.Removexattr => inode.Attributes.Remove(body.Text(0)) ? (0, []) : (61, []),
                _ => (38, []),
            };
        }

        private void Complain(string text) => server._complaints.Add($"client {epoch}: {text}");

        private (int, byte[]) Under(ulong fh, Func<Handle, (int, byte[])> then)
        {
            if (_handles.TryGetValue(fh, out var handle))
                return then(handle);
            Complain($"handle {fh}");
            return (9, []);
        }

        private byte[] Entry(Inode inode)
        {
            if (!_ids.TryGetValue(inode, out ulong id))
            {
                id = ++_next;
                (_ids[inode], _nodes[id]) = (id, inode);
            }
            _lookups[id] = _lookups.GetValueOrDefault(id) + 1;
            return Messages.Entry(id, inode.Type, inode.Number, size: (ulong)inode.Data.Length, nlink: inode.Links);
        }

        private static byte[] Attributes(Inode inode) => Messages.AttrReply(inode.Number, inode.Type, (ulong)inode.Data.Length);

        private static byte[] Resized(Inode inode, byte[] body)
        {
            if ((body.U32() & FuseAbi.SetattrSize) != 0)
                Array.Resize(ref inode.Data, (int)body.U64(16));
            return Attributes(inode);
        }

        private (int, byte[]) Made(Inode directory, string name, uint type, Action<Inode>? then = null)
        {
            if (directory.Entries.ContainsKey(name))
                return (17, []);
            var made = server.Add(directory, name, type);
            then?.Invoke(made);
            return (0, Entry(made));
        }

        private (int, byte[]) Created(Inode directory, byte[] body)
        {
            const uint Exclusive = 0x80;
            string name = body.Text(16);
            bool there = directory.Entries.TryGetValue(name, out var inode);
            if (there && (body.U32() & Exclusive) != 0)
                return (17, []);
            inode ??= server.Add(directory, name, FuseAbi.S_IFREG);
            return (0, [.. Entry(inode), .. Opened(inode, body.U32())]);
        }

        private static (int, byte[]) Removed(Inode directory, string name, bool ofDirectory)
        {
            if (!directory.Entries.TryGetValue(name, out var gone))
                return (2, []);
            if (gone.Type == FuseAbi.S_IFDIR != ofDirectory)
                return (ofDirectory ? 20 : 21, []);
            if (gone.Entries.Count > 0)
                return (39, []);
            directory.Entries.Remove(name);
            gone.Links--;
            return (0, []);
        }

        private (int, byte[]) Renamed(Inode directory, byte[] body, int at, bool exchange)
        {
            string name = body.Text(at), newName = body.Text(at + name.Length + 1);
            if (!_nodes.TryGetValue(body.U64(), out var target))
            {
                Complain($"RENAME into {body.U64()}");
                return (116, []);
            }
            var replaced = target.Entries.GetValueOrDefault(newName);
            if (!directory.Entries.TryGetValue(name, out var moved) || (exchange && replaced is null))
                return (2, []);
            if (replaced == moved)
                return (0, []);
            directory.Entries.Remove(name);
            target.Entries[newName] = moved;
            if (exchange)
                directory.Entries[name] = replaced!;
            else if (replaced is not null)
                replaced.Links--;
            return (0, []);
        }

        private (int, byte[]) Linked(Inode directory, byte[] body)
        {
            if (!_nodes.TryGetValue(body.U64(), out var inode))
            {
                Complain($"LINK of {body.U64()}");
                return (116, []);
            }
            if (!directory.Entries.TryAdd(body.Text(8), inode))
                return (17, []);
            inode.Links++;
            return (0, Entry(inode));
        }

        private static (int, byte[]) Set(Inode inode, byte[] body)
        {
            string name = body.Text(16);
            if (body.U32(4) == 1 && inode.Attributes.ContainsKey(name))
                return (17, []);
            inode.Attributes[name] = body[(16 + name.Length + 1)..];
            return (0, []);
        }

        private byte[] Opened(Inode inode, uint flags)
        {
            ulong fh = ++_next;
            _handles[fh] = new(inode, flags);
            return Messages.Open(fh);
        }

        /// <summary>With O_APPEND at the end, wherever the offset is, as a client that opened with it does.</summary>
        private static byte[] Written(Inode inode, Handle handle, byte[] body)
        {
            const uint Append = 0x400;
            int size = (int)body.U32(16), offset = (handle.Flags & Append) != 0 ? inode.Data.Length : (int)body.U64(8);
            if (offset + size > inode.Data.Length)
                Array.Resize(ref inode.Data, offset + size);
            body.AsSpan(40, size).CopyTo(inode.Data.AsSpan(offset));
            return Bytes.Of((uint)size, 0u);
        }

        /// <summary>Cookies count from another number for each client, and in the opposite order for every other one.</summary>
        private byte[] Listed(Inode directory, byte[] body, bool plus)
        {
            var names = epoch % 2 == 0 ? directory.Entries.Reverse().ToList() : [.. directory.Entries];
            ulong first = epoch * 1000UL;
            int from = body.U64(8) == 0 ? 0 : (int)(body.U64(8) - first);
            if (from < 0 || (body.U64(8) != 0 && body.U64(8) > _lastCookie))
            {
                Complain($"READDIR from {body.U64(8)}");
                return [];
            }
            var listing = new List<byte>();
            for (int i = from; i < names.Count; i++)
            {
                var (name, inode) = names[i];
                byte[] dirent = Messages.Dirent(inode.Number, first + (ulong)i + 1, name);
                if (listing.Count + dirent.Length + (plus ? EntryOut.Size : 0) > body.U32(16))
                    break;
                if (plus)
                    listing.AddRange(Entry(inode));
                listing.AddRange(dirent);
                _lastCookie = Math.Max(_lastCookie, first + (ulong)i + 1);
            }
            return [.. listing];
        }
    }
}
