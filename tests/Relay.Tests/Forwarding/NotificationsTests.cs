using Sluice.Relay.Fuse;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;

namespace Sluice.Relay.Tests.Forwarding;

public sealed class NotificationsTests
{
    private const ulong Dir = 0x1001;
    private const ulong File = 0x1002;

    /// <summary>What the client says (dir and file by its ids), and what the kernel hears (2 and 3).</summary>
    private static readonly Dictionary<string, (NotifyCode Code, byte[] Said, byte[]? Heard)> All = new(StringComparer.Ordinal)
    {
        ["INVAL_INODE"] = (NotifyCode.InvalInode, Of(File, 5L, 6L), Of(3UL, 5L, 6L)),
        ["INVAL_INODE of the root"] = (NotifyCode.InvalInode, Of(1UL, 0L, -1L), Of(1UL, 0L, -1L)),
        ["INVAL_INODE of a stranger"] = (NotifyCode.InvalInode, Of(0x9999UL, 5L, 6L), null),
        ["INVAL_INODE cut short"] = (NotifyCode.InvalInode, Of(File, 5L), null),
        ["INVAL_ENTRY"] = (NotifyCode.InvalEntry, Of(Dir, 4u, 0u, "name"), Of(2UL, 4u, 0u, "name")),
        ["INVAL_ENTRY of a longer name"] = (NotifyCode.InvalEntry, Of(Dir, 5u, 0u, "name"), null),
        ["INVAL_ENTRY without a name"] = (NotifyCode.InvalEntry, Of(Dir, 0u, 0u, ""), null),
        ["INVAL_ENTRY with a slash"] = (NotifyCode.InvalEntry, Of(Dir, 3u, 0u, "a/b"), null),
        ["INVAL_ENTRY of 256 bytes"] = (NotifyCode.InvalEntry, Of(Dir, 256u, 0u, new string('n', 256)), null),
        ["DELETE"] = (NotifyCode.Delete, Of(Dir, File, 4u, 0u, "name"), Of(2UL, 3UL, 4u, 0u, "name")),
        ["DELETE of a stranger"] = (NotifyCode.Delete, Of(Dir, 0x9999UL, 4u, 0u, "name"), null),
        ["POLL"] = (NotifyCode.Poll, Of(77UL), Of(77UL)),
        ["STORE"] = (NotifyCode.Store, Of(File, 0UL, 4u, 0u, "data"), null),
        ["RETRIEVE"] = (NotifyCode.Retrieve, Of(1UL, File, 0UL, 4u, 0u), null),
        ["RESEND"] = (NotifyCode.Resend, [], null),
        ["INC_EPOCH"] = (NotifyCode.IncEpoch, [], null),
        ["PRUNE"] = (NotifyCode.Prune, Of(1u, 0u, 0UL, File), null),
        ["none"] = (default, [], null),
        ["one that is newer"] = ((NotifyCode)99, new byte[50], null),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_kernel_hears_of_nodes_that_it_knows_and_of_nothing_else(string name)
    {
        var (code, said, heard) = All[name];
        using var session = new ScriptedSession();
        var client = session.Serving();
        Assert.Equal(2UL, session.Look(client, 1, "dir", Dir, FuseAbi.S_IFDIR));
        Assert.Equal(3UL, session.Look(client, 1, "file", File));
        client.Say(Of((uint)(OutHeader.Size + said.Length), (int)code, 0UL, said));
        if (heard is null)
        {
            ScriptedSession.Until(() => session.Counters.NotificationsDropped == 1, "it is dropped");
            Assert.Empty(session.Kernel.Notifications);
            return;
        }
        ScriptedSession.Until(() => session.Kernel.Notifications.Count == 1, "the kernel hears it");
        Assert.Equal((code, Convert.ToHexString(heard)), (session.Kernel.Notifications.Single().Code, Convert.ToHexString(session.Kernel.Notifications.Single().Body)));
        Assert.Equal(0, session.Counters.NotificationsDropped);
    }

    [Fact]
    public void An_id_that_two_nodes_share_tells_of_both()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        session.Look(client, 1, "a", 100);
        session.Look(client, 1, "b", 101);
        client = session.Replace();
        foreach (ulong node in new ulong[] { 2, 3 })
        {
            ulong unique = session.Kernel.Send(Opcode.Getattr, node, Of(0u, 0u, 0UL));
            client.Answer(client.Expect(Opcode.Lookup), Messages.Entry(7, nlink: 2));
            client.Answer(client.Expect(Opcode.Getattr), Messages.AttrReply(7));
            session.Kernel.Wait(unique);
        }
        client.Say(Of(40u, (int)NotifyCode.InvalInode, 0UL, 7UL, 0L, 0L));
        ScriptedSession.Until(() => session.Kernel.Notifications.Count == 2, "the kernel hears of both");
        Assert.Equal([2UL, 3UL], session.Kernel.Notifications.Select(n => n.Body.U64()).Order());
    }
}
