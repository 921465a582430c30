using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;
using static Sluice.Relay.Tests.Scripted.Messages;

namespace Sluice.Relay.Tests.Forwarding;

/// <summary>
/// A client whose replies are cut, stretched, changed in random bytes and given to other requests, with crashes in between.
/// The scripted kernel checks that it gets nothing which the kernel would refuse, and that the session still works afterwards.
/// </summary>
public sealed class FuzzTests
{
    private const int Requests = 3_000;

    public static TheoryData<int> Seeds => [1, 2, 3, 4, Random.Shared.Next(), Random.Shared.Next()];

    [Theory]
    [MemberData(nameof(Seeds), DisableDiscoveryEnumeration = true)]
    public void A_session_survives_whatever_its_client_says(int seed)
    {
        var random = new Random(seed);
        var lies = new Random(seed); // the client's
        var files = new ScriptedFileSystem();
        foreach (string name in Names)
            files.Make(name, name.Length > 1 ? FuseAbi.S_IFDIR : FuseAbi.S_IFREG);
        files.Make("kept", FuseAbi.S_IFREG); // the others may all be renamed away at the end
        bool mad = true;
        using var session = new ScriptedSession(new RelayOptions([]) { Spin = SpinMode.Off, Durability = Durability.Flush }, NewClient);
        session.Serving();
        var nodes = new List<ulong> { 1 };
        var handles = new List<ulong> { 0 };
        var unanswered = new List<ulong>();
        var waiting = new Queue<(ulong Unique, Opcode Opcode)>();
        for (int i = 0; i < Requests; i++)
        {
            var (opcode, body) = Ask(random, nodes, handles);
            waiting.Enqueue((session.Kernel.Send(opcode, nodes[random.Next(nodes.Count)], body), opcode));
            if (waiting.Count > 30)
            {
                // As a kernel does: ids come from entries and opens, and not from data that is as long.
                var (unique, answered) = waiting.Dequeue();
                var reply = session.Kernel.TryWait(unique, 1);
                if (reply is null)
                    unanswered.Add(unique);
                if (reply is { Error: 0 })
                {
                    if (answered is Opcode.Open or Opcode.Opendir)
                        handles.Add(reply.Body.U64());
                    else if (answered is Opcode.Lookup or Opcode.Link && reply.Body.U64() != 0)
                        nodes.Add(reply.Body.U64());
                }
            }
            if (i % 300 == 299)
            {
                session.Kernel.Forget(nodes[random.Next(nodes.Count)], (ulong)random.Next(3));
                Volatile.Write(ref mad, false); // a client that is silent at its start is another test's
                session.Replace(); // what the mad client never answered is asked again
                Volatile.Write(ref mad, true);
            }
        }
        Volatile.Write(ref mad, false);
        session.Replace();
        foreach (ulong unique in unanswered.Concat(waiting.Select(request => request.Unique)))
            Assert.NotNull(session.Kernel.TryWait(unique, 5000)); // whatever the client said: no request is lost
        Assert.Equal(0, session.Kernel.Ask(Opcode.Statfs, 1, []).Error);
        var look = session.Kernel.Ask(Opcode.Lookup, 1, Of("kept"));
        Assert.Equal(0, look.Error);
        ulong found = look.Body.U64();
        Assert.NotEqual(0UL, found);
        Assert.Equal(0, session.Kernel.Ask(Opcode.Access, found, Of(0u, 0u)).Error);
        session.TakeOver();
        Assert.Equal(0, session.Kernel.Ask(Opcode.Access, found, Of(0u, 0u)).Error);

        ScriptedClient NewClient(Linux.FileDescriptor socket)
        {
            var client = files.NewClient(socket);
            client.Mutate = message => Volatile.Read(ref mad) ? Mutate(lies, message) : [message];
            return client;
        }
    }

    private static readonly string[] Names = ["a", "b", "c", "dir", "other"];

    private static (Opcode, byte[]) Ask(Random random, List<ulong> nodes, List<ulong> handles)
    {
        string name = Names[random.Next(Names.Length)];
        ulong fh = handles[random.Next(handles.Count)], node = nodes[random.Next(nodes.Count)];
        return random.Next(14) switch
        {
            0 or 1 => (Opcode.Lookup, Of(name)),
            2 => (Opcode.Getattr, Of(0u, 0u, 0UL)),
            3 => (Opcode.Open, Of(2u, 0u)),
            4 => (Opcode.Opendir, Of(0u, 0u)),
            5 => (Opcode.Read, ReadIn(fh, 0, 4096)),
            6 => (Opcode.Write, WriteIn(fh, (ulong)random.Next(1000), new byte[random.Next(6000)])),
            7 => (Opcode.Readdir, ReadIn(fh, 0, 4096)),
            8 => (Opcode.Readdirplus, ReadIn(fh, 0, 4096)),
            9 => (Opcode.Rename2, Of(node, (uint)random.Next(3), 0u, name, Names[random.Next(Names.Length)])),
            10 => (Opcode.Create, Of(0x42u, 0x81a4u, 0u, 0u, name)),
            11 => (Opcode.Link, Of(node, name)),
            12 => (Opcode.Flush, Of(fh, 0u, 0u, 0UL)),
            _ => (Opcode.Getxattr, Of(20u, 0u, "user.x")),
        };
    }

    private static IEnumerable<byte[]> Mutate(Random random, byte[] message)
    {
        byte[] changed = [.. message];
        switch (random.Next(12))
        {
            case 0:
                yield break; // silence
            case 1:
                yield return changed[..random.Next(changed.Length)];
                break;
            case 2:
                yield return [.. changed, .. new byte[random.Next(200)]];
                break;
            case 3 or 4:
                for (int i = random.Next(8); i >= 0; i--)
                    changed[random.Next(changed.Length)] = (byte)random.Next(256);
                yield return changed;
                break;
            case 5:
                // A body of another length whose header says so.
                Array.Resize(ref changed, 16 + random.Next(300));
                BitConverter.GetBytes(changed.Length).CopyTo(changed, 0);
                yield return changed;
                break;
            case 6:
                BitConverter.GetBytes(random.NextInt64()).CopyTo(changed, 8);
                yield return changed;
                break;
            case 7:
                for (int i = 16; i < changed.Length; i++)
                    changed[i] = random.Next(6) == 0 ? (byte)random.Next(256) : changed[i];
                yield return changed;
                break;
            default:
                break;
        }
        yield return message;
        if (random.Next(20) == 0)
            yield return message;
    }
}
