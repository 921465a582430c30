using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;
using Sluice.Relay.Tests.Scripted;
using static Sluice.Relay.Tests.Scripted.Bytes;
using static Sluice.Relay.Tests.Scripted.Messages;

namespace Sluice.Relay.Tests.Recovery;

/// <summary>What the heir of a killed relay asks its client for: everything that the kernel waits for, once, and nothing else.</summary>
public sealed unsafe class AdoptionTests
{
    /// <summary>Whether the kernel sends again what it has no answer to (Linux 6.9).</summary>
    public static TheoryData<bool> Kernels => [true, false];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Requests_in_flight_are_asked_for_in_the_order_in_which_they_came(bool resends)
    {
        using var session = Session(resends);
        var client = session.Serving();
        var waiting = Enumerable.Range(0, 5).Select(i => session.Kernel.Send(Opcode.Lookup, 1, Of($"f{i}"))).ToArray();
        for (int i = 0; i < 5; i++)
            client.Expect(Opcode.Lookup);
        client = session.TakeOver();
        var asked = Enumerable.Range(0, 5).Select(_ => client.Expect(Opcode.Lookup)).ToArray();
        Assert.Equal("f0 f1 f2 f3 f4", string.Join(' ', asked.Select(request => request.Body.Text(0))));
        for (int i = 0; i < 5; i++)
            client.Answer(asked[i], Entry((ulong)(100 + i)));
        Assert.All(waiting, unique => Assert.Equal(0, session.Kernel.Wait(unique).Error)); // which wants the bit of those that it sent again
        Assert.Null(client.Next(50));
        Assert.Equal((6, 0), (session.Status.KnownFiles, session.Status.InFlight));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_request_that_was_read_and_has_no_slot_yet_is_asked_for_once(bool resends)
    {
        using var session = Session(resends);
        var client = session.Serving();
        ulong look = session.Kernel.Send(Opcode.Lookup, 1, Of("f"));
        client.Expect(Opcode.Lookup);
        client = session.TakeOver(file =>
        {
            // Killed between read(2) and the slot; or after the slot, and before the landing was emptied.
            file.Slots[0].Word = resends ? file.Slots[0].Word : 0;
            Buffer.MemoryCopy(file.SmallBuffers, file.LargeBuffers + (file.LandingOf(0)->Buffer * (long)file.Geometry.LargeBufferSize), 100, InHeader.Size + 2);
        });
        client.AnswerNext(Opcode.Lookup, Entry(100));
        Assert.Equal(0, session.Kernel.Wait(look).Error);
        Assert.Null(client.Next(50));
    }

    [Fact]
    public void A_request_that_a_kill_in_read_lost_is_found_where_the_kernel_sends_again()
    {
        using var session = Session(resends: true);
        var client = session.Serving();
        ulong look = session.Kernel.Send(Opcode.Lookup, 1, Of("f"));
        client.Expect(Opcode.Lookup);
        client = session.TakeOver(file => file.Slots[0].Word = 0);
        client.AnswerNext(Opcode.Lookup, Entry(100));
        Assert.Equal(0, session.Kernel.Wait(look).Error);
    }

    /// <summary>Killed between the reply to the kernel and the release of the slot.</summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_request_that_was_answered_is_not_asked_for_again(bool resends)
    {
        using var session = Session(resends);
        var client = session.Serving();
        ulong node = session.Look(client, 1, "f", 100);
        client = session.TakeOver(file => file.Slots[0].Word = Slot.WordOf(SlotState.Answering));
        Assert.Null(client.Next(50));
        Assert.Equal((2, 0), (session.Status.KnownFiles, session.Status.InFlight));
        session.Kernel.Forget(node, 1);
        ScriptedSession.Until(() => session.Status.KnownFiles == 1, "its lookup was counted once");
    }

    /// <summary>A listing that was repeated for nobody cut its log, and the next READDIR was an error.</summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_listing_goes_on_from_a_reply_that_its_relay_died_over(bool resends)
    {
        using var session = Session(resends);
        var client = session.Serving();
        ulong directory = session.Look(client, 1, "d", 100, FuseAbi.S_IFDIR), handle = session.Open(client, directory, 70, Opcode.Opendir);
        ulong first = session.Kernel.Send(Opcode.Readdir, directory, ReadIn(handle, 0, 100)), second = 0;
        client.AnswerNext(Opcode.Readdir, [.. Dirent(5, 11, "a"), .. Dirent(6, 12, "b")]);
        session.Kernel.Wait(first);
        second = session.Kernel.Send(Opcode.Readdir, directory, ReadIn(handle, 12, 100));
        client.AnswerNext(Opcode.Readdir, [.. Dirent(7, 13, "c"), .. Dirent(8, 14, "d")]);
        session.Kernel.Wait(second);
        client = session.TakeOver(file => SlotOf(file, second)->Word = Slot.WordOf(SlotState.Answering));
        ulong third = session.Kernel.Send(Opcode.Readdir, directory, ReadIn(handle, 14, 100));
        client.AnswerNext(Opcode.Lookup, Entry(200, FuseAbi.S_IFDIR));
        client.AnswerNext(Opcode.Opendir, Messages.Open(71));
        client.AnswerNext(Opcode.Readdir, [.. Dirent(5, 21, "a"), .. Dirent(9, 22, "e"), .. Dirent(7, 23, "c"), .. Dirent(8, 24, "d"), .. Dirent(6, 25, "b")]);
        client.AnswerNext(Opcode.Readdir, []);
        var reply = session.Kernel.Wait(third);
        Assert.Equal(0, reply.Error);
        Assert.Equal("e", Assert.Single(Entries(reply.Body)).Name);
    }

    /// <summary>Killed after the client's place was taken, and before the kernel was told.</summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_request_that_was_to_be_answered_in_the_clients_place_and_was_not_is_asked_for(bool resends)
    {
        using var session = Session(resends);
        var client = session.Serving();
        ulong access = session.Kernel.Send(Opcode.Access, 1, Of(0u, 0u));
        client.Expect(Opcode.Access);
        client = session.TakeOver(file => file.Slots[0].Word = Slot.WordOf(SlotState.Abandoned, 1, file.Slots[0].Generation));
        client.AnswerNext(Opcode.Access);
        Assert.Equal(0, session.Kernel.Wait(access).Error);
    }

    private static Slot* SlotOf(StateFile file, ulong unique)
    {
        for (int i = 0; i < file.Geometry.Slots; i++)
        {
            if (file.Slots[i].Unique == unique)
                return file.Slots + i;
        }
        throw new InvalidOperationException($"no slot had request {unique}");
    }

    private static ScriptedSession Session(bool resends) =>
        new(new RelayOptions([]) { Spin = SpinMode.Off, Readers = 1 }, init: kernel => kernel.Init(resends ? (InitFlags)ulong.MaxValue : (InitFlags)ulong.MaxValue & ~InitFlags.HasResend));
}
