using Sluice.Relay.Fuse;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;
using static Sluice.Relay.Tests.Scripted.Messages;

namespace Sluice.Relay.Tests.Forwarding;

/// <summary>Answers that come when their tasks are gone: the kernel takes nothing, and what they hand out is taken back.</summary>
public sealed class AnswersTests
{
    private static readonly Dictionary<string, (Opcode Opcode, byte[] Body, byte[] Answer)> All = new(StringComparer.Ordinal)
    {
        ["LOOKUP"] = (Opcode.Lookup, Of("new"), Entry(200)),
        ["LOOKUP of what the kernel holds"] = (Opcode.Lookup, Of("dir"), Entry(100, FuseAbi.S_IFDIR)),
        ["MKDIR"] = (Opcode.Mkdir, Of(0x1edu, 0u, "new"), Entry(200, FuseAbi.S_IFDIR)),
        ["CREATE"] = (Opcode.Create, Of(0x42u, 0x81a4u, 0u, 0u, "new"), [.. Entry(200), .. Open(70)]),
        ["TMPFILE"] = (Opcode.Tmpfile, Of(0x410002u, 0x81a4u, 0u, 0u, "#5"), [.. Entry(200), .. Open(70)]),
        ["OPENDIR"] = (Opcode.Opendir, Of(0u, 0u), Open(70)),
        ["READDIRPLUS"] = (Opcode.Readdirplus, ReadIn(0, 0, 4096), [.. Entry(100, FuseAbi.S_IFDIR), .. Dirent(1, 1, "."), .. Entry(200), .. Dirent(2, 2, "new"), .. Entry(200), .. Dirent(2, 3, "same")]),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_nobody_got_is_taken_back(string name)
    {
        var (opcode, body, answer) = All[name];
        using var session = new ScriptedSession();
        var client = session.Serving();
        Assert.Equal(2UL, session.Look(client, 1, "dir", 100, FuseAbi.S_IFDIR));
        ulong unique = session.Kernel.Send(opcode, 1, body);
        var asked = client.Expect(opcode);
        session.Kernel.Abort(unique);
        client.Answer(asked, answer);
        ScriptedSession.Until(() => session.Kernel.Doubled == 1, "the kernel passes over it");
        ScriptedSession.Until(() => session.Status is { KnownFiles: 2, OpenFiles: 0, InFlight: 0 }, "nothing of it is left");
        session.Kernel.Forget(2, 1); // and of what the kernel holds, nothing is missing
        ScriptedSession.Until(() => session.Status.KnownFiles == 1, "the kernel's own lookup was the last");
        bool gave = answer.Length >= 128 && answer.U64() == 200 || opcode == Opcode.Readdirplus;
        ScriptedSession.Until(() => client.Forgotten.GetValueOrDefault(200UL) == (gave ? opcode == Opcode.Readdirplus ? 2UL : 1UL : 0), "the client is told");
    }
}
