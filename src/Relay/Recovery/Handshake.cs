using Sluice.Linux;
using Sluice.Relay.Forwarding;
using Sluice.Relay.Fuse;
using Sluice.Relay.State;

namespace Sluice.Relay.Recovery;

/// <summary>
/// INIT. The kernel sends it once; every client gets it, with only those features that can pass a relay. The first client's
/// reply goes to the kernel, and what it agreed to binds its successors.
/// </summary>
internal sealed unsafe class Handshake(FuseDevice device, SessionState state, RelayOptions options)
{
    private const uint OldestMinor = 9; // 7.9: before it entries and attributes are shorter

    /// <summary>Introduces the client of <paramref name="link"/>. Returns null, or why it cannot serve this session.</summary>
    public string? Introduce(ClientLink link)
    {
        Span<byte> request = stackalloc byte[InHeader.Size + InitIn.Size];
        Span<byte> reply = stackalloc byte[OutHeader.Size + InitOut.Size];
        reply.Clear();
        var kernel = state.Header->InitIn;
        var offered = FlagsOf(kernel.Flags, kernel.Flags2) & InitFlags.Forwarded;
        fixed (byte* head = request)
        {
            request.Clear();
            *(InHeader*)head = new InHeader { Opcode = Opcode.Init };
            *(InitIn*)(head + InHeader.Size) = new InitIn
            {
                Major = kernel.Major,
                Minor = kernel.Minor,
                MaxReadahead = Math.Min(kernel.MaxReadahead, (uint)options.MaxTransfer),
                Flags = (uint)offered,
                Flags2 = (uint)((ulong)offered >> 32),
            };
        }
        int length = link.Ask(request, reply, (int)options.StartTimeout.TotalMilliseconds);
        fixed (byte* message = reply)
        {
            if (length == -Errno.ETIMEDOUT)
                return $"it has not answered INIT within {options.StartTimeout.TotalSeconds:0} s";
            if (length < 0)
                return "it ended before it had answered INIT";
            if (((OutHeader*)message)->Error != 0)
                return $"it answered INIT with error {-((OutHeader*)message)->Error}";
            return length - OutHeader.Size is InitOut.CompatSize or InitOut.Size
                ? Agree(link, *(InitOut*)(message + OutHeader.Size), (uint)(length - OutHeader.Size), offered)
                : $"its INIT reply has {length} bytes";
        }
    }

    private string? Agree(ClientLink link, InitOut client, uint length, InitFlags offered)
    {
        if (client.Major != FuseAbi.Major || client.Minor < OldestMinor)
            return $"it speaks FUSE {client.Major}.{client.Minor}, and 7.{OldestMinor} is needed at least";
        var flags = FlagsOf(client.Flags, client.Flags2) & offered;
        // Who takes reads of one file at the same time and in any order takes them from O_DIRECT as well, asked for or not.
        if (flags.HasFlag(InitFlags.AsyncRead))
            flags |= offered & InitFlags.AsyncDio;
        uint maxWrite = Math.Clamp(client.MaxWrite, 4096, (uint)options.MaxTransfer);
        var header = state.Header;
        if (header->InitOutLength != 0)
        {
            // Written again on adoption: the kernel passes over what it has.
            _ = device.Reply(header->InitUnique, &header->InitOut, (int)header->InitOutLength);
            return maxWrite < header->InitOut.MaxWrite
                ? $"it takes {maxWrite} bytes a write, and the client before it had agreed to {header->InitOut.MaxWrite}"
                : null;
        }
        header->InitOut = new InitOut
        {
            Major = FuseAbi.Major,
            Minor = Math.Min(client.Minor, header->InitIn.Minor),
            MaxReadahead = Math.Min(client.MaxReadahead, (uint)options.MaxTransfer),
            Flags = (uint)flags,
            Flags2 = (uint)((ulong)flags >> 32),
            MaxBackground = client.MaxBackground,
            CongestionThreshold = client.CongestionThreshold,
            MaxWrite = maxWrite,
            TimeGran = client.TimeGran,
            MaxPages = (ushort)Math.Min(client.MaxPages, options.MaxTransfer >> 12),
        };
        CrashPoint.Pass();
        Volatile.Write(ref header->InitOutLength, length);
        int error = device.Reply(header->InitUnique, &header->InitOut, (int)length);
        return error is 0 or -Errno.ENOENT ? null : $"the kernel refused its INIT reply (errno {-error})";
    }

    private static InitFlags FlagsOf(uint low, uint high) => (InitFlags)(low | ((ulong)high << 32));
}
