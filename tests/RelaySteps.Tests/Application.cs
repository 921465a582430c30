using System.Text;
using Sluice.Linux;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;
using static Sluice.Relay.Tests.Scripted.Messages;

namespace Sluice.RelaySteps.Tests;

/// <summary>
/// Uses a mount as a kernel does for its tasks, on a thread of its own, and knows nothing of the relays that come and go below it.
/// It keeps account of what it was handed out, gives all of it back at the end, and fails where an answer is not what it must be.
/// </summary>
internal sealed class Application
{
    private const string Content = "what was there";
    private static readonly string LongName = new('n', 200); // which is not kept with the others
    private static readonly byte[] Large = [.. Enumerable.Range(0, 6000).Select(i => (byte)i)]; // which fits in no slot
    private const ulong OwnCall = 1UL << 62; // in the unique of what a relay asks for itself

    private readonly ScriptedKernel _kernel;
    private readonly ScriptedFileSystem _files;
    private readonly Func<int> _clientPid;
    private readonly Dictionary<ulong, ulong> _lookups = [];
    private readonly HashSet<ulong> _held = []; // uniques at the present client, unanswered; guarded by itself
    private readonly Thread _thread;
    private ScriptedFileSystem.Client? _holder;
    private Exception? _failure;

    /// <summary>Makes the files and begins.</summary>
    /// <param name="kernel">What it asks.</param>
    /// <param name="files">What the clients serve.</param>
    /// <param name="clientPid">The client that runs, or 0.</param>
    public Application(ScriptedKernel kernel, ScriptedFileSystem files, Func<int> clientPid)
    {
        (_kernel, _files, _clientPid) = (kernel, files, clientPid);
        files.Make("d", FuseAbi.S_IFDIR);
        files.Make("d/f").Data = Encoding.Latin1.GetBytes(Content);
        files.Make("d/gone");
        files.Make("log").Data = Encoding.Latin1.GetBytes("first ");
        for (int i = 0; i < 12; i++)
            files.Make($"d/{i:00}");
        _thread = new Thread(Run) { IsBackground = true, Name = "application" };
        _thread.Start();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>False where it goes on still.</returns>
    public bool HasEnded(int milliseconds) => _thread.Join(milliseconds) && (_failure is null ? true : throw new InvalidOperationException($"the application failed: {_failure.Message}", _failure));

    private void Run()
    {
        try
        {
            Use();
        }
        catch (Exception e)
        {
            _failure = e;
        }
    }

    private void Use()
    {
        ulong d = Look(1, "d"), f = Look(d, "f");
        Assert.Equal(80, Ok(Opcode.Statfs, 1, []).Length);
        ulong created = Entry(Ok(Opcode.Create, d, Of(0xc2u, 0x81a4u, 0u, 0u, "new")), out ulong writer); // O_CREAT | O_EXCL | O_RDWR
        Write(created, writer, 0, "hello ");
        Write(created, writer, 6, "world");
        Ok(Opcode.Fsync, created, Of(writer, 0u, 0u));
        Write(created, writer, 11, "!!!");
        ulong reader = Ok(Opcode.Open, f, Of(0u, 0u)).U64();
        Assert.Equal(Content, Encoding.Latin1.GetString(Ok(Opcode.Read, f, ReadIn(reader, 0, 100))));
        ulong sub = Entry(Ok(Opcode.Mkdir, 1, Of(0x1edu, 0u, "sub")), out _);
        Entry(Ok(Opcode.Symlink, sub, Of("link", "target")), out _);
        Entry(Ok(Opcode.Link, d, Of(f, "hard")), out _);
        Ok(Opcode.Rename, d, Of(sub, "new", "moved"));
        ulong named = Entry(Ok(Opcode.Create, sub, Of(0xc2u, 0x81a4u, 0u, 0u, LongName)), out ulong large);
        Assert.Equal((uint)Large.Length, Ok(Opcode.Write, named, WriteIn(large, 0, Large, 2)).U32());
        ulong log = Look(1, "log"), appender = Ok(Opcode.Open, log, Of(0x401u, 0u)).U64(); // O_WRONLY | O_APPEND
        Ok(Opcode.Setxattr, f, Of(1u, 1u, 0u, 0u, "user.x", new byte[] { 7 }));

        ulong stream = Ok(Opcode.Opendir, d, Of(0u, 0u)).U64();
        var names = new List<string>();
        ulong cookie = 0;
        TakeListing(Ok(Opcode.Readdirplus, d, ReadIn(stream, 0, 900)), names, ref cookie);

        Hold();
        var waiting = new Dictionary<string, ulong>(StringComparer.Ordinal)
        {
            ["read"] = _kernel.Send(Opcode.Read, f, ReadIn(reader, 5, 3)),
            ["write"] = _kernel.Send(Opcode.Write, created, WriteIn(writer, 14, "more"u8.ToArray(), 2)),
            ["append"] = _kernel.Send(Opcode.Write, log, WriteIn(appender, 6, "second"u8.ToArray(), 0x401)),
            ["large"] = _kernel.Send(Opcode.Write, named, WriteIn(large, (ulong)Large.Length, Large, 2)),
            ["list"] = _kernel.Send(Opcode.Readdirplus, d, ReadIn(stream, cookie, 900)),
            ["unlink"] = _kernel.Send(Opcode.Unlink, d, Of("gone")),
            ["look"] = _kernel.Send(Opcode.Lookup, d, Of("f")),
            ["open"] = _kernel.Send(Opcode.Open, f, Of(0u, 0u)),
            ["make"] = _kernel.Send(Opcode.Mkdir, sub, Of(0x1edu, 0u, "made")),
        };
        ScriptedSession.Until(() => HeldCount() >= _kernel.Unanswered, "a client has all of them");
        CrashClient();
        Assert.Equal("was", Encoding.Latin1.GetString(Ok(waiting["read"])));
        Assert.Equal(4U, Ok(waiting["write"]).U32());
        Assert.Equal(6U, Ok(waiting["append"]).U32());
        Assert.Equal((uint)Large.Length, Ok(waiting["large"]).U32());
        TakeListing(Ok(waiting["list"]), names, ref cookie);
        Ok(waiting["unlink"]);
        Assert.Equal(f, Entry(Ok(waiting["look"]), out _));
        ulong second = Ok(waiting["open"]).U64();
        Entry(Ok(waiting["make"]), out _);

        while (TakeListing(Ok(Opcode.Readdir, d, ReadIn(stream, cookie, 200)), names, ref cookie, plus: false))
        {
        }
        // "gone" was removed, and "new" moved away, while the stream was read: both ways are right.
        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"{i:00}").Append("f").Append("hard").Order(StringComparer.Ordinal), names.Where(name => name is not ("gone" or "new")).Order(StringComparer.Ordinal));
        Assert.Equal("hello world!!!more", Encoding.Latin1.GetString(Ok(Opcode.Read, created, ReadIn(writer, 0, 100))));
        Assert.Equal(18UL, Ok(Opcode.Setattr, created, Of((uint)FuseAbi.SetattrSize, 0u, 0UL, 18UL, new byte[64])).U64(16 + 8));
        Ok(Opcode.Rmdir, sub, Of("made"));
        Ok(Opcode.Release, f, Of(reader, 0u, 0u, 0UL));
        Ok(Opcode.Release, f, Of(second, 0u, 0u, 0UL));
        Ok(Opcode.Releasedir, d, Of(stream, 0u, 0u, 0UL));
        foreach (var (node, handle, flags) in new[] { (created, writer, 2u), (named, large, 2u), (log, appender, 0x401u) })
        {
            Ok(Opcode.Flush, node, Of(handle, 0u, 0u, 0UL));
            Ok(Opcode.Release, node, Of(handle, flags, 0u, 0UL));
        }
        var half = _lookups.Take(_lookups.Count / 2).ToArray();
        _kernel.Send(Opcode.BatchForget, 0, Of((uint)half.Length, 0u, half.SelectMany(node => Of(node.Key, node.Value)).ToArray()));
        foreach (var (node, count) in _lookups.Skip(half.Length))
            _kernel.Forget(node, count);
        Ok(Opcode.Access, 1, Of(0u, 0u));
    }

    /// <summary>What must be in the files at the end.</summary>
    public void Compare()
    {
        Assert.Equal("hello world!!!more", Text("sub/moved"));
        Assert.Equal("first second", Text("log"));
        Assert.Equal([.. Large, .. Large], _files.Find($"sub/{LongName}")!.Data);
        Assert.True(_files.Find("d/gone") is null && _files.Find("d/new") is null && _files.Find("sub/made") is null && _files.Find("d/hard") == _files.Find("d/f"));
        Assert.Empty(_files.Complaints);
    }

    private string Text(string path) => Encoding.Latin1.GetString(_files.Find(path)!.Data);

    private ulong Look(ulong parent, string name) => Entry(Ok(Opcode.Lookup, parent, Of(name)), out _);

    private void Write(ulong node, ulong handle, ulong offset, string text) =>
        Assert.Equal((uint)text.Length, Ok(Opcode.Write, node, WriteIn(handle, offset, Encoding.Latin1.GetBytes(text), 2)).U32());

    private byte[] Ok(Opcode opcode, ulong node, byte[] body) => Ok(_kernel.Send(opcode, node, body), opcode.ToString());

    private byte[] Ok(ulong unique, string what = "a request in flight")
    {
        var reply = _kernel.Wait(unique, 20_000);
        Assert.True(reply.Error == 0, $"{what}: error {reply.Error}");
        return reply.Body;
    }

    /// <summary>The node of an entry, whose lookup is the kernel's now; and the handle behind it, where there is one.</summary>
    private ulong Entry(byte[] body, out ulong handle)
    {
        handle = body.Length > EntryOut.Size ? body.U64(EntryOut.Size) : 0;
        Count(body.U64());
        return body.U64();
    }

    private void Count(ulong node)
    {
        if (node != 0)
            _lookups[node] = _lookups.GetValueOrDefault(node) + 1;
    }

    private bool TakeListing(byte[] body, List<string> names, ref ulong cookie, bool plus = true)
    {
        foreach (var (name, next) in Entries(body, plus ? EntryOut.Size : 0))
        {
            names.Add(name);
            cookie = next;
        }
        for (int at = 0; plus && at < body.Length; at += EntryOut.Size + Sluice.Relay.Fuse.Dirent.Padded((int)body.U32(at + EntryOut.Size + 16)))
            Count(body.U64(at));
        return body.Length > 0;
    }

    /// <summary>The present client answers nothing that comes from the kernel, nor does any that comes after it, until one is crashed.</summary>
    private void Hold() => _files.Before = request =>
    {
        if ((request.Unique & OwnCall) != 0)
            return true;
        lock (_held)
        {
            if (_holder != _files.Present)
                _held.Clear();
            _holder = _files.Present;
            _held.Add(request.Unique);
        }
        return false;
    };

    private int HeldCount()
    {
        lock (_held)
            return _holder == _files.Present ? _held.Count : 0;
    }

    private void CrashClient()
    {
        _files.Before = null;
        int pid = 0;
        ScriptedSession.Until(() => (pid = _clientPid()) != 0, "there is a client to kill");
        ChildProcess.SignalGroup(pid, ChildProcess.SIGKILL);
    }
}
