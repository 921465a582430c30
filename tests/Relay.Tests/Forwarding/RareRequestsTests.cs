using Sluice.Relay.Fuse;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;
using static Sluice.Relay.Tests.Scripted.Messages;

namespace Sluice.Relay.Tests.Forwarding;

public sealed class RareRequestsTests
{
    [Fact]
    public void The_client_is_told_to_forget_as_often_as_it_was_asked()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        for (int i = 0; i < 3; i++)
            Assert.Equal(2UL, session.Look(client, 1, "a", 100));
        session.Look(client, 1, "b", 101);
        session.Look(client, 1, "c", 102);
        session.Kernel.Forget(2, 2);
        session.Kernel.Forget(4, 1);
        ScriptedSession.Until(() => client.Forgotten.ContainsKey(102), "the forgotten is told");
        Assert.False(client.Forgotten.ContainsKey(100)); // the kernel still holds one
        session.Kernel.Send(Opcode.BatchForget, 0, Of(3u, 0u, 2UL, 1UL, 3UL, 1UL, 77UL, 1UL));
        ScriptedSession.Until(() => client.Forgotten.Count == 3, "all are told");
        Assert.Equal([(100UL, 3UL), (101UL, 1UL), (102UL, 1UL)], client.Forgotten.Select(p => (p.Key, p.Value)).Order());
        Assert.Equal(1, session.Status.KnownFiles);
    }

    [Fact]
    public void A_batch_that_claims_more_than_it_holds_forgets_what_it_holds()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        session.Look(client, 1, "a", 100);
        session.Kernel.Send(Opcode.BatchForget, 0, Of(uint.MaxValue, 0u, 2UL, 1UL));
        ScriptedSession.Until(() => client.Forgotten.Count == 1, "it is told");
        Assert.Equal(3UL, session.Look(client, 1, "d", 103) + 1); // the record is used again
    }

    [Fact]
    public void Forgets_of_a_dead_client_are_not_told_to_the_next()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        session.Look(client, 1, "a", 100);
        session.Look(client, 1, "b", 101);
        client = session.Replace();
        Assert.Equal(3UL, session.Look(client, 1, "b", 9));
        session.Kernel.Forget(2, 1);
        session.Kernel.Forget(3, 2);
        ScriptedSession.Until(() => !client.Forgotten.IsEmpty, "the new client's is told");
        Assert.Equal([(9UL, 1UL)], client.Forgotten.Select(p => (p.Key, p.Value)));
    }

    [Fact]
    public void An_interrupt_names_the_request_as_the_client_knows_it()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        ulong first = session.Kernel.Send(Opcode.Statfs, 1, []), second = session.Kernel.Send(Opcode.Access, 1, Of(4u, 0u));
        var asked = new[] { client.Next(5000)!, client.Next(5000)! }.OrderBy(r => r.Opcode).ToArray();
        session.Kernel.Send(Opcode.Interrupt, 0, Of(second));
        ScriptedSession.Until(() => !client.Interrupted.IsEmpty, "the client is told");
        Assert.Equal([asked[1].Unique], client.Interrupted);
        client.Fail(asked[1], 4);
        client.Answer(asked[0], new byte[80]);
        Assert.Equal((0, 4), (session.Kernel.Wait(first).Error, session.Kernel.Wait(second).Error));
        session.Kernel.Send(Opcode.Interrupt, 0, Of(second)); // too late
        session.Kernel.Send(Opcode.Interrupt, 0, Of(999_999UL));
        session.Kernel.Send(Opcode.Interrupt, 0, []);
        Assert.Equal(2UL, session.Look(client, 1, "after", 100));
        Assert.Single(client.Interrupted);
    }

    [Fact]
    public void The_end_of_the_mount_is_told_to_the_client()
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        Assert.Equal(0, session.Kernel.Ask(Opcode.Destroy, 0, []).Error);
        client.Expect(Opcode.Destroy);
    }

    /// <summary>An application may ask for names that no directory here holds: the client is the judge of that.</summary>
    [Theory]
    [InlineData(256)]
    [InlineData(1024)]
    [InlineData(4094)]
    public void Names_that_are_too_long_go_to_the_client_and_back(int length)
    {
        using var session = new ScriptedSession();
        var client = session.Serving();
        string name = new('n', length);
        ulong unique = session.Kernel.Send(Opcode.Mkdir, 1, Of(0x1edu, 0u, name));
        Assert.Equal(name, client.Expect(Opcode.Mkdir).Body.Text(8));
        session.Crash();
        client = session.NextClient(); // which is asked once more
        client.Fail(client.Expect(Opcode.Mkdir), 36);
        Assert.Equal(36, session.Kernel.Wait(unique).Error);
        unique = session.Kernel.Send(Opcode.Rename, 1, Of(1UL, name, name + "2"));
        client.Fail(client.Expect(Opcode.Rename), 36);
        Assert.Equal(36, session.Kernel.Wait(unique).Error);
        Assert.Equal(2UL, session.Look(client, 1, name, 100));
    }
}
