using Sluice.Linux;

namespace Sluice.Recovery.Tests.Applications;

/// <summary>
/// Does random things to a small tree, most of them at odds with what is there, and expects of each the answer that a model
/// in memory gives: result or error number, as pjdfstest does.
/// </summary>
internal sealed class ModelledTree : IApplication
{
    private const string Nowhere = "nowhere"; // every symbolic link's target
    private const int ELOOP = 40;
    private static readonly string[] Tops = ["a", "b", "c", "d"];
    private static readonly string[] Paths = [.. Tops, .. Tops.SelectMany(top => new[] { "x", "y", "z" }.Select(name => $"{top}/{name}"))];

    private readonly string _root;
    private readonly int _seed;
    private readonly Random _random;
    private readonly Dictionary<string, Entry> _model = new(StringComparer.Ordinal);

    public ModelledTree(string mount, int seed)
    {
        _root = Path.Combine(Data.Written(mount), "tree");
        (_seed, _random) = (seed, new(seed));
        Posix.MakeDirectory(_root);
    }

    public void Round(int round)
    {
        string path = Pick();
        string other = Pick();
        switch (_random.Next(12))
        {
            case 0 or 1:
                Expect("mkdir", path, MakeDirectory(path), () => Posix.MakeDirectory(Real(path)));
                break;
            case 2:
                Expect("rmdir", path, RemoveDirectory(path), () => Posix.RemoveDirectory(Real(path)));
                break;
            case 3 or 4:
                byte[] content = new byte[_random.Next(9000)];
                _random.NextBytes(content);
                Expect("write", path, Write(path, content), () => WriteReal(path, content));
                break;
            case 5:
                Expect("create", path, Create(path), () => Posix.Close(Posix.Open(Real(path), Posix.WriteOnly | Posix.Create | Posix.Exclusive)));
                break;
            case 6:
                Expect("unlink", path, Unlink(path), () => Posix.Unlink(Real(path)));
                break;
            case 7:
                Expect("symlink", path, SymbolicLink(path), () => Posix.SymbolicLink(Nowhere, Real(path)));
                break;
            case 8 or 9:
                Expect("rename", $"{path} {other}", Rename(path, other), () => Posix.Rename(Real(path), Real(other)));
                break;
            case 10:
                Expect("link", $"{path} {other}", LinkAndUnlink(path, other), () =>
                {
                    Posix.Link(Real(path), Real(other));
                    Posix.Unlink(Real(path));
                });
                break;
            default:
                Look(path);
                break;
        }
    }

    public void Finish()
    {
        foreach (string path in Paths)
            Look(path);
    }

    private string Pick() => Paths[_random.Next(Paths.Length)];

    private string Real(string path) => Path.Combine(_root, path);

    private void Expect(string what, string path, int expected, Action call)
    {
        int error = Posix.ErrorOf(call);
        if (error != expected)
            throw new InvalidDataException($"tree (seed {_seed}): {what} {path} gave error {error} instead of {expected}");
    }

    private void WriteReal(string path, byte[] content)
    {
        int file = Posix.Open(Real(path), Posix.WriteOnly | Posix.Create | Posix.Truncating | Posix.NoFollow);
        Posix.WriteAt(file, content, 0);
        Posix.Close(file);
    }

    private void Look(string path)
    {
        int parent = ParentError(path);
        var entry = parent == 0 ? _model.GetValueOrDefault(path) : null;
        int expected = parent != 0 ? parent : entry is null ? Errno.ENOENT : 0;
        (int Mode, long Size) status = default;
        Expect("stat", path, expected, () => status = Posix.Stat(Real(path)));
        if (entry is null)
            return;
        if (status.Mode >> 12 != (int)entry.Kind)
            throw new InvalidDataException($"tree (seed {_seed}): {path} is of type {status.Mode >> 12} instead of {entry.Kind}");
        switch (entry.Kind)
        {
            case Kind.File:
                byte[] content = File.ReadAllBytes(Real(path));
                if (status.Size != entry.Content.Length || !content.AsSpan().SequenceEqual(entry.Content))
                    throw new InvalidDataException($"tree (seed {_seed}): {path} has {content.Length} bytes, stat says {status.Size}, and should be {entry.Content.Length}; equal up to {content.AsSpan().CommonPrefixLength(entry.Content)}");
                break;
            case Kind.Link:
                if (Posix.ReadLink(Real(path)) != Nowhere)
                    throw new InvalidDataException($"tree (seed {_seed}): {path} leads to {Posix.ReadLink(Real(path))}");
                break;
            default:
                var names = new List<string>();
                int directory = Posix.Open(Real(path), Posix.ReadOnly);
                while (Posix.ReadNames(directory, 1024, names))
                {
                }
                Posix.Close(directory);
                var wanted = Children(path).Select(child => child[(path.Length + 1)..]).Order(StringComparer.Ordinal);
                if (!names.Order(StringComparer.Ordinal).SequenceEqual(wanted, StringComparer.Ordinal))
                    throw new InvalidDataException($"tree (seed {_seed}): {path} lists {string.Join(' ', names)} instead of {string.Join(' ', wanted)}");
                break;
        }
    }

    // The model. Each gives the error number that the kernel must give, in the order of its checks (fs/namei.c).

    private int MakeDirectory(string path) => Make(path, new(Kind.Directory, []));

    private int SymbolicLink(string path) => Make(path, new(Kind.Link, []));

    private int Create(string path) => Make(path, new(Kind.File, []));

    private int Make(string path, Entry entry)
    {
        if (ParentError(path) is not 0 and var error)
            return error;
        return _model.TryAdd(path, entry) ? 0 : Errno.EEXIST;
    }

    private int RemoveDirectory(string path)
    {
        if (ParentError(path) is not 0 and var error)
            return error;
        if (!_model.TryGetValue(path, out var entry))
            return Errno.ENOENT;
        if (entry.Kind != Kind.Directory)
            return Errno.ENOTDIR;
        if (Children(path).Any())
            return Errno.ENOTEMPTY;
        _model.Remove(path);
        return 0;
    }

    private int Write(string path, byte[] content)
    {
        if (ParentError(path) is not 0 and var error)
            return error;
        switch (_model.GetValueOrDefault(path)?.Kind)
        {
            case Kind.Directory:
                return Errno.EISDIR;
            case Kind.Link:
                return ELOOP;
            default:
                _model[path] = new(Kind.File, content);
                return 0;
        }
    }

    private int Unlink(string path)
    {
        if (ParentError(path) is not 0 and var error)
            return error;
        if (!_model.TryGetValue(path, out var entry))
            return Errno.ENOENT;
        if (entry.Kind == Kind.Directory)
            return Errno.EISDIR;
        _model.Remove(path);
        return 0;
    }

    private int LinkAndUnlink(string path, string other)
    {
        if (ParentError(path) is not 0 and var error)
            return error;
        if (!_model.TryGetValue(path, out var entry))
            return Errno.ENOENT;
        if (ParentError(other) is not 0 and var otherError)
            return otherError;
        if (_model.ContainsKey(other))
            return Errno.EEXIST;
        if (entry.Kind == Kind.Directory)
            return Errno.EPERM;
        _model.Remove(path);
        _model[other] = entry;
        return 0;
    }

    private int Rename(string path, string other)
    {
        if (ParentError(path) is not 0 and var error)
            return error;
        if (ParentError(other) is not 0 and var otherError)
            return otherError;
        if (!_model.TryGetValue(path, out var entry))
            return Errno.ENOENT;
        if (other.StartsWith(path + "/", StringComparison.Ordinal))
            return Errno.EINVAL;
        if (path.StartsWith(other + "/", StringComparison.Ordinal))
            return Errno.ENOTEMPTY;
        if (path == other)
            return 0;
        if (_model.TryGetValue(other, out var replaced))
        {
            if (entry.Kind == Kind.Directory && replaced.Kind != Kind.Directory)
                return Errno.ENOTDIR;
            if (entry.Kind != Kind.Directory && replaced.Kind == Kind.Directory)
                return Errno.EISDIR;
            if (Children(other).Any())
                return Errno.ENOTEMPTY;
        }
        var moved = _model.Keys.Where(key => key.StartsWith(path + "/", StringComparison.Ordinal)).ToList();
        _model.Remove(path);
        _model[other] = entry;
        foreach (string child in moved)
        {
            _model.Remove(child, out var below);
            _model[other + child[path.Length..]] = below!;
        }
        return 0;
    }

    private int ParentError(string path)
    {
        int slash = path.LastIndexOf('/');
        if (slash < 0)
            return 0;
        string parent = path[..slash];
        if (ParentError(parent) is not 0 and var error)
            return error;
        return _model.GetValueOrDefault(parent)?.Kind switch
        {
            Kind.Directory => 0,
            Kind.File => Errno.ENOTDIR,
            _ => Errno.ENOENT, // a link leads nowhere
        };
    }

    private IEnumerable<string> Children(string path) => _model.Keys.Where(key => key.StartsWith(path + "/", StringComparison.Ordinal) && key.IndexOf('/', path.Length + 1) < 0);

    /// <summary>The type bits of a mode, shifted down.</summary>
    private enum Kind
    {
        Directory = 4,
        File = 8,
        Link = 10,
    }

    private sealed record Entry(Kind Kind, byte[] Content);
}
