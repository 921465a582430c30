using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.Tests.Scripted;

namespace Sluice.Relay.Tests.Recovery;

public sealed class HandshakeTests
{
    private static readonly InitFlags Everything = (InitFlags)ulong.MaxValue & ~InitFlags.HasResend;

    [Fact]
    public void Only_what_can_pass_a_relay_is_offered_and_agreed()
    {
        ulong init = 0;
        using var session = new ScriptedSession(init: kernel => init = kernel.Init(Everything));
        var client = session.Serving();
        var offered = client.Introduced!.Body.Struct<InitIn>();
        Assert.Equal((7U, 45U, 1U << 17), (offered.Major, offered.Minor, offered.MaxReadahead));
        Assert.Equal((ulong)InitFlags.Forwarded, offered.Flags | (ulong)offered.Flags2 << 32);
        var agreed = session.Kernel.Wait(init).Body.Struct<InitOut>(); // from a client that wanted everything
        Assert.Equal((ulong)InitFlags.Forwarded, agreed.Flags | (ulong)agreed.Flags2 << 32);
        Assert.Equal((45U, 1U << 17, 1U << 17, (ushort)32, 1U), (agreed.Minor, agreed.MaxWrite, agreed.MaxReadahead, agreed.MaxPages, agreed.TimeGran));
        Assert.Equal((0U, (ushort)0, (ushort)0), (agreed.MaxStackDepth, agreed.MapAlignment, agreed.RequestTimeout));
    }

    [Fact]
    public void What_the_kernel_does_not_offer_the_client_does_not_see()
    {
        ulong init = 0;
        using var session = new ScriptedSession(init: kernel => init = kernel.Init(InitFlags.AsyncRead | InitFlags.MaxPages, minor: 31));
        var client = session.Serving();
        Assert.Equal((ulong)(InitFlags.AsyncRead | InitFlags.MaxPages), client.Introduced!.Body.Struct<InitIn>().Flags);
        var agreed = session.Kernel.Wait(init).Body.Struct<InitOut>();
        Assert.Equal((31U, (uint)(InitFlags.AsyncRead | InitFlags.MaxPages)), (agreed.Minor, agreed.Flags));
    }

    /// <summary>libfuse 2 does not know of asynchronous direct I/O, and would have each read of 1 MiB made in pieces, one after the other.</summary>
    [Theory]
    [InlineData(InitFlags.AsyncRead, InitFlags.AsyncRead | InitFlags.AsyncDio)]
    [InlineData(InitFlags.BigWrites, InitFlags.BigWrites)]
    internal void A_client_that_takes_reads_in_any_order_gets_direct_ones_too(InitFlags wanted, InitFlags agreed)
    {
        ulong init = 0;
        using var session = new ScriptedSession(newClient: socket => Client(socket, ScriptedClient.InitReply(wanted)), init: kernel => init = kernel.Init(Everything));
        session.Serving();
        Assert.Equal(agreed, (InitFlags)session.Kernel.Wait(init).Body.Struct<InitOut>().Flags);
    }

    [Theory]
    [InlineData(12U, InitOut.CompatSize)]
    [InlineData(19U, InitOut.CompatSize)]
    [InlineData(9U, InitOut.CompatSize)]
    [InlineData(31U, InitOut.Size)]
    [InlineData(99U, InitOut.Size)]
    public void The_reply_has_the_clients_minor_and_length(uint minor, int length)
    {
        ulong init = 0;
        using var session = new ScriptedSession(newClient: socket => Client(socket, ScriptedClient.InitReply(minor: minor, length: length)), init: kernel => init = kernel.Init(Everything));
        session.Serving();
        var reply = session.Kernel.Wait(init).Body;
        Assert.Equal((length, Math.Min(minor, 45)), (reply.Length, reply.U32(4)));
        session.Replace(); // and its successor the same
    }

    [Fact]
    public void A_successor_gets_the_kernels_words_and_the_kernel_hears_nothing_new()
    {
        ulong init = 0;
        using var session = new ScriptedSession(init: kernel => init = kernel.Init(Everything));
        var first = session.Serving().Introduced!.Body;
        var reply = session.Kernel.Wait(init).Body;
        Assert.Equal(first, session.Replace().Introduced!.Body);
        Assert.Equal(first, session.TakeOver().Introduced!.Body);
        Assert.Equal(reply, session.Kernel.Wait(init).Body);
    }

    [Theory]
    [InlineData(100U)]
    [InlineData(4096U)]
    [InlineData(1U << 16)]
    public void A_client_with_a_small_max_write_is_followed_by_its_like(uint maxWrite)
    {
        using var session = new ScriptedSession(newClient: socket => Client(socket, ScriptedClient.InitReply(maxWrite: maxWrite)));
        session.Serving();
        session.Replace();
        Assert.Null(session.End);
    }

    public static TheoryData<string> Refusals => [.. Refused.Keys];

    private static readonly Dictionary<string, (byte[] Init, string Reason)> Refused = new(StringComparer.Ordinal)
    {
        ["too old"] = (ScriptedClient.InitReply(minor: 8), "it speaks FUSE 7.8"),
        ["another protocol"] = ([.. Bytes.Of(8u, 0u), .. new byte[56]], "it speaks FUSE 8.0"),
        ["half a reply"] = (ScriptedClient.InitReply()[..40], "its INIT reply has 56 bytes"),
        ["nothing"] = ([], "its INIT reply has 16 bytes"),
        ["more than there is"] = (new byte[200], "it answered INIT with error 5"),
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_client_that_cannot_serve_is_refused_with_a_reason(string name)
    {
        var (init, reason) = Refused[name];
        int started = 0;
        using var session = new ScriptedSession(newClient: socket => Client(socket, Interlocked.Increment(ref started) == 1 ? init : ScriptedClient.InitReply()));
        session.NextClient();
        session.Serving();
        Assert.Contains(reason, session.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_that_never_serves_is_given_up()
    {
        using var session = new ScriptedSession(newClient: socket => new ScriptedClient(socket, init: request => Messages.Reply(request.Unique, 13)));
        ScriptedSession.Until(() => session.End is not null, "the session gives up", 20_000);
        Assert.Contains("the client failed 6 times in a row: it answered INIT with error 13", session.End!.Value.Reason, StringComparison.Ordinal);
        Assert.NotEqual(0, session.End!.Value.Status);
    }

    [Fact]
    public void A_client_that_is_silent_at_its_start_is_replaced()
    {
        int started = 0;
        using var session = new ScriptedSession(
            new RelayOptions([]) { Spin = SpinMode.Off, StartTimeout = TimeSpan.FromMilliseconds(200) },
            socket => new ScriptedClient(socket, init: request => Interlocked.Increment(ref started) == 1 ? Messages.Reply(2, 0) : Messages.Reply(request.Unique, 0, ScriptedClient.InitReply())));
        session.NextClient();
        session.Serving();
        Assert.Contains("it has not answered INIT within", session.Log, StringComparison.Ordinal);
    }

    private static ScriptedClient Client(Linux.FileDescriptor socket, byte[] init) => new(socket, request => Messages.Reply(request.Unique, 0, init));
}
