using System.Text;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;
using static Sluice.Relay.Tests.Scripted.Messages;

namespace Sluice.Relay.Tests.Recovery;

/// <summary>With threads for each direction.</summary>
public sealed class RecoveryTests() : RecoveryOfFiles(SpinMode.Off);

/// <summary>With one thread for both directions, which looks for messages before it sleeps.</summary>
public sealed class SpinningRecoveryTests() : RecoveryOfFiles(SpinMode.On);

/// <summary>What was known and open goes on at a new client, or in a new relay, of the same files.</summary>
public abstract class RecoveryOfFiles : IDisposable
{
    private readonly ScriptedFileSystem _files = new();
    private readonly ScriptedSession _session;

    private protected RecoveryOfFiles(SpinMode spin)
    {
        _session = new(new RelayOptions([]) { Spin = spin }, _files.NewClient);
        _session.Serving();
    }

    public void Dispose()
    {
        _session.Dispose();
        GC.SuppressFinalize(this);
        Assert.Empty(_files.Complaints);
    }

    public static TheoryData<bool> Both => [false, true];

    [Theory]
    [MemberData(nameof(Both))]
    public void Open_files_are_opened_again_when_they_are_used(bool relay)
    {
        _files.Make("a", FuseAbi.S_IFDIR);
        _files.Make("a/f").Data = Encoding.Latin1.GetBytes("content");
        ulong file = Look(Look(1, "a"), "f"), handle = Open(file, flags: 2);
        Replace(relay);
        Assert.Equal(0, _files.Present.OpenHandles);
        Assert.Equal("content", Text(_session.Kernel.Ask(Opcode.Read, file, ReadIn(handle, 0, 100))));
        Assert.Equal(1, _files.Present.OpenHandles);
        Assert.Equal(0, _session.Kernel.Ask(Opcode.Release, file, Of(handle, 2u, 0u, 0UL)).Error);
        Assert.Equal((0, 0), (_files.Present.OpenHandles, _session.Status.OpenFiles));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Requests_in_flight_are_answered_once_by_the_successor(bool relay)
    {
        var names = Enumerable.Range(0, 40).Select(i => $"f{i}").ToArray();
        foreach (string name in names)
            _files.Make(name).Data = Encoding.Latin1.GetBytes(name);
        var nodes = names.Select(name => Look(1, name)).ToArray();
        var handles = nodes.Select(node => Open(node)).ToArray();
        int held = 0;
        _files.Before = _ =>
        {
            Interlocked.Increment(ref held);
            return false;
        };
        var reads = nodes.Select((node, i) => _session.Kernel.Send(Opcode.Read, node, ReadIn(handles[i], 0, 100))).ToArray();
        ScriptedSession.Until(() => held == names.Length, "all are at the client");
        _files.Before = null;
        Replace(relay);
        for (int i = 0; i < names.Length; i++)
            Assert.Equal(names[i], Text(_session.Kernel.Wait(reads[i])));
    }

    [Fact]
    public void A_node_deep_below_is_found_again_and_so_is_its_way()
    {
        const int Depth = 1500;
        ulong node = 1;
        string path = "";
        for (int i = 0; i < Depth; i++)
        {
            path += "/d";
            _files.Make(path, FuseAbi.S_IFDIR);
            node = Look(node, "d");
        }
        _session.Replace();
        Assert.Equal(0, _session.Kernel.Ask(Opcode.Access, node, Of(0u, 0u), uid: 7).Error);
        Assert.Equal(Depth, _files.Present.Owed);
    }

    [Fact]
    public void A_file_with_several_names_is_found_under_those_that_are_left()
    {
        var file = _files.Make("a");
        ulong node = Look(1, "a");
        Assert.Equal(0, _session.Kernel.Ask(Opcode.Link, 1, Of(node, "b")).Error);
        _files.Find("")!.Entries.Remove("b"); // by somebody else, and it was the newest
        _session.Replace();
        Assert.Equal(file.Number, _session.Kernel.Ask(Opcode.Getattr, node, Of(0u, 0u, 0UL)).Body.U64(16));
        _files.Find("")!.Entries.Remove("a");
        _session.Replace();
        Assert.Equal(116, _session.Kernel.Ask(Opcode.Access, node, Of(0u, 0u)).Error); // ESTALE
    }

    [Fact]
    public void What_has_the_name_now_and_is_of_another_type_is_not_taken_for_it()
    {
        _files.Make("a");
        ulong node = Look(1, "a"), handle = Open(node);
        _files.Find("")!.Entries.Remove("a");
        _files.Make("a", FuseAbi.S_IFDIR);
        _session.Replace();
        for (int i = 0; i < 2; i++)
            Assert.Equal(116, _session.Kernel.Ask(Opcode.Read, node, ReadIn(handle, 0, 10)).Error);
        Assert.Equal(0, _session.Kernel.Ask(Opcode.Statfs, 1, []).Error);
        ScriptedSession.Until(() => _files.Present.Owed == 0, "the strangers are forgotten");
    }

    [Fact]
    public void A_repeated_append_is_written_once()
    {
        var log = _files.Make("log");
        ulong node = Look(1, "log"), handle = Open(node, flags: 0x401);
        Assert.Equal(0, _session.Kernel.Ask(Opcode.Write, node, WriteIn(handle, 0, "first "u8.ToArray(), 0x401)).Error);
        // The client writes and dies before it says so.
        log.Data = "first second "u8.ToArray();
        int asked = 0;
        _files.Before = request => request.Opcode != Opcode.Write || Interlocked.Increment(ref asked) == 0;
        ulong write = _session.Kernel.Send(Opcode.Write, node, WriteIn(handle, 6, "second "u8.ToArray(), 0x401));
        ScriptedSession.Until(() => asked == 1, "it is at the client");
        _files.Before = null;
        _session.Replace();
        Assert.Equal(7U, _session.Kernel.Wait(write).Body.U32());
        Assert.Equal(0, _session.Kernel.Ask(Opcode.Write, node, WriteIn(handle, 13, "third"u8.ToArray(), 0x401)).Error);
        Assert.Equal("first second third", Encoding.Latin1.GetString(log.Data));
        Assert.Equal(1, _files.Present.OpenHandles);
    }

    [Theory]
    [InlineData(11, 3)] // SIGSEGV
    [InlineData(6, 3)] // SIGABRT
    [InlineData(9, 10)]
    [InlineData(15, 10)]
    public void A_request_that_too_many_clients_died_over_is_given_up(int signal, int deaths)
    {
        int asked = 0;
        _files.Before = request => request.Opcode != Opcode.Access || Interlocked.Increment(ref asked) == 0;
        ulong poison = _session.Kernel.Send(Opcode.Access, 1, Of(0u, 0u));
        for (int i = 1; i <= deaths; i++)
        {
            ScriptedSession.Until(() => asked == i, "the next client has it");
            Assert.Null(_session.Kernel.TryWait(poison, 0));
            _session.Replace(signal);
        }
        Assert.Equal(5, _session.Kernel.Wait(poison).Error);
        Assert.Equal(1, _session.Counters.Poisonous);
    }

    [Fact]
    public void Of_many_requests_that_clients_died_over_the_one_that_kills_them_is_found()
    {
        const int SIGSEGV = 11;
        for (int i = 0; i < 6; i++)
            _files.Make($"f{i}").Data = [(byte)i];
        var nodes = Enumerable.Range(0, 6).Select(i => Look(1, $"f{i}")).ToArray();
        var handles = nodes.Select(node => Open(node)).ToArray();
        int held = 0, alone = 0;
        _files.Before = _ => Interlocked.Increment(ref held) == 0;
        var reads = nodes.Select((node, i) => _session.Kernel.Send(Opcode.Read, node, ReadIn(handles[i], 0, 100))).ToArray();
        ulong poison = _session.Kernel.Send(Opcode.Access, 1, Of(0u, 0u));
        ScriptedSession.Until(() => held == 7, "all are at the client");
        for (int i = 0; i < 2; i++)
        {
            held = 0;
            _files.Before = request => (request.Unique & 1UL << 62) != 0 || Interlocked.Increment(ref held) == 0; // its own are answered
            if (i == 1)
                _files.Before = request => request.Opcode != Opcode.Access || Interlocked.Increment(ref alone) == 0;
            _session.Replace(SIGSEGV);
            if (i == 0)
                ScriptedSession.Until(() => held == 7, "all are at the next client");
        }
        ScriptedSession.Until(() => alone == 1, "it is asked for alone");
        _session.Replace(SIGSEGV);
        Assert.Equal(5, _session.Kernel.Wait(poison).Error);
        Assert.All(reads.Select((read, i) => (Read: read, Byte: (byte)i)), read => Assert.Equal([read.Byte], _session.Kernel.Wait(read.Read).Body));
        Assert.Equal(1, _session.Counters.Poisonous);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_listing_goes_on_without_a_lost_or_doubled_name(bool relay, bool plus)
    {
        _files.Make("d", FuseAbi.S_IFDIR);
        var names = Enumerable.Range(0, 300).Select(i => $"name {i * 7919 % 1000:000}").Distinct(StringComparer.Ordinal).ToArray();
        foreach (string name in names)
            _files.Make($"d/{name}");
        ulong directory = Look(1, "d"), handle = Open(directory, Opcode.Opendir);
        var seen = new List<string>();
        ulong cookie = 0, early = 0;
        for (int round = 0; Next(ref cookie, seen); round++)
        {
            if (round == 2)
                early = cookie;
            if (round % 3 == 2 && round < 9)
                Replace(relay);
        }
        Assert.Equal(names.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));

        // Seek back to what was read three clients ago: all that came after it comes again.
        var again = new List<string>();
        cookie = early;
        while (Next(ref cookie, again))
            Assert.Equal(again.Count, again.Distinct(StringComparer.Ordinal).Count());
        Assert.Subset(names.ToHashSet(StringComparer.Ordinal), again.ToHashSet(StringComparer.Ordinal));

        // From the beginning it is the client's again.
        seen.Clear();
        cookie = 0;
        while (Next(ref cookie, seen))
            Assert.Equal(0UL, cookie >> 62);
        Assert.Equal(names.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));

        bool Next(ref ulong from, List<string> into)
        {
            var reply = _session.Kernel.Ask(plus ? Opcode.Readdirplus : Opcode.Readdir, directory, ReadIn(handle, from, plus ? 4096U : 800U));
            Assert.Equal(0, reply.Error);
            foreach (var (name, next) in Entries(reply.Body, plus ? EntryOut.Size : 0))
            {
                into.Add(name);
                from = next;
            }
            return reply.Body.Length > 0;
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Tasks_that_sleep_on_a_file_are_woken_to_ask_the_next_client(bool relay)
    {
        _files.Make("f");
        ulong node = Look(1, "f"), handle = Open(node);
        _files.Poll = true;
        Assert.Equal(0, _session.Kernel.Ask(Opcode.Poll, node, Of(handle, 4711UL, 1u, 1u)).Error); // FUSE_POLL_SCHEDULE_NOTIFY
        Assert.Equal(0, _session.Kernel.Ask(Opcode.Poll, node, Of(handle, 4712UL, 0u, 1u)).Error); // looks, and does not sleep
        Replace(relay);
        ScriptedSession.Until(() => !_session.Kernel.Notifications.IsEmpty, "the task is woken");
        Replace(relay: false); // it has not asked again
        var (code, body) = Assert.Single(_session.Kernel.Notifications);
        Assert.Equal((NotifyCode.Poll, 4711UL), (code, body.U64()));
    }

    [Fact]
    public void A_seek_to_where_a_stream_never_was_is_an_error_after_a_crash()
    {
        _files.Make("d", FuseAbi.S_IFDIR);
        _files.Make("d/f");
        ulong directory = Look(1, "d"), handle = Open(directory, Opcode.Opendir);
        Assert.NotEmpty(_session.Kernel.Ask(Opcode.Readdir, directory, ReadIn(handle, 0, 800)).Body);
        _session.Replace();
        Assert.Equal(5, _session.Kernel.Ask(Opcode.Readdir, directory, ReadIn(handle, 4711, 800)).Error);
    }

    [Fact]
    public void After_many_crashes_no_client_was_told_to_forget_what_it_never_gave()
    {
        for (int i = 0; i < 30; i++)
            _files.Make($"f{i}");
        var held = new Dictionary<ulong, ulong>();
        for (int round = 0; round < 8; round++)
        {
            for (int i = 0; i < 60; i++)
            {
                ulong node = Look(1, $"f{i * 7 % 30}");
                held[node] = held.GetValueOrDefault(node) + 1;
                if (i % 3 == 0)
                {
                    _session.Kernel.Forget(node, 1);
                    held[node]--;
                }
            }
            Replace(relay: round % 2 == 1);
        }
        foreach (var (node, count) in held.Where(pair => pair.Value > 0))
            _session.Kernel.Forget(node, count);
        ScriptedSession.Until(() => _session.Status.KnownFiles == 1 && _files.Present.Owed == 0, "all is forgotten");
    }

    private void Replace(bool relay)
    {
        if (relay)
            _session.TakeOver();
        else
            _session.Replace();
    }

    private ulong Look(ulong parent, string name)
    {
        var reply = _session.Kernel.Ask(Opcode.Lookup, parent, Of(name));
        Assert.Equal(0, reply.Error);
        return reply.Body.U64();
    }

    private ulong Open(ulong node, Opcode opcode = Opcode.Open, uint flags = 0)
    {
        var reply = _session.Kernel.Ask(opcode, node, Of(flags, 0u));
        Assert.Equal(0, reply.Error);
        return reply.Body.U64();
    }

    private static string Text(Reply reply)
    {
        Assert.Equal(0, reply.Error);
        return Encoding.Latin1.GetString(reply.Body);
    }
}
