using System.Text;

namespace Sluice.Session.Tests;

public sealed class MessageCodecTests
{
    public static TheoryData<string, Message> Literal => new()
    {
        { "534C4345 0100 0100 12000000 0100 0200 0300 312E30 01 07000000 01000200", new Hello(1, 2, "1.0", true, 7, 0x20001) },
        { "534C4345 0100 0200 14000000 0100 0200 6162 01 00 2D00000000000000 00004000", new Welcome(1, "ab", true, false, 45, 0x400000) },
        { "534C4345 0100 0300 08000000 2D00000000000000", new Deposit(45) },
        { "534C4345 0100 0400 04000000 03000000", new MorePairs(3) },
        { "534C4345 0100 0500 00000000", new Pairs() },
        { "534C4345 0100 0700 04000000 02000000", new Serving(2) },
        { "534C4345 0100 0800 04000000 0200 C3A4", new Absent("ä") },
        { "534C4345 0100 0B00 3C000000 0100000000000000 0200000000000000 0300000000000000 0400000000000000 0500000000000000 06000000 0700000000000000 08000000 09000000", new Stats(1, 2, 3, 4, 5, 6, 7, 8, 9) },
        { "534C4345 0100 0C00 00000000", new Closing() },
        { "534C4345 0100 0D00 04000000 00 0100 78", new Goodbye(false, "x") },
        { "534C4345 0100 0E00 08000000 10000000 0200 6E6F", new Error(16, "no") },
        { "534C4345 0100 1000 04000000 0200 6E6F", new ServedAnswer("no") },
    };

    [Theory]
    [MemberData(nameof(Literal))]
    public void A_message_is_these_bytes_and_back(string hex, Message message)
    {
        byte[] bytes = Bytes(hex);
        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(Encoded(message)));
        Assert.Equal(message, MessageCodec.Decode(bytes));
    }

    [Fact]
    public void Process_numbers_come_through()
    {
        uint[] pids = [1, uint.MaxValue, 77];
        Assert.Equal(pids, Assert.IsType<KilledQuery>(MessageCodec.Decode(Encoded(new KilledQuery(pids)))).Pids);
        Assert.Equal(pids, Assert.IsType<KilledAnswer>(MessageCodec.Decode(Encoded(new KilledAnswer(pids)))).Pids);
        uint[] most = [.. Enumerable.Range(0, SessionProtocol.MaxPids).Select(i => (uint)i)];
        Assert.Equal(most, Assert.IsType<KilledQuery>(MessageCodec.Decode(Encoded(new KilledQuery(most)))).Pids);
        Assert.Throws<ProtocolException>(() => Encoded(new KilledQuery([.. most, 1])));
    }

    [Fact]
    public void Names_of_datasets_come_through()
    {
        string[] most = [.. Enumerable.Range(0, SessionProtocol.MaxDatasets).Select(i => new string('a', SessionProtocol.MaxDataset - 2) + $"{i:00}")];
        Assert.Equal(most, Assert.IsType<ServedQuery>(MessageCodec.Decode(Encoded(new ServedQuery(most)))).Datasets);
        Assert.Throws<ProtocolException>(() => Encoded(new ServedQuery([.. most, "a"])));
    }

    [Fact]
    public void A_secret_comes_through_and_shows_no_value()
    {
        var secret = new Secret(new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["user"] = [], ["key"] = [0, 255, 10] });
        var read = Assert.IsType<Secret>(MessageCodec.Decode(Encoded(secret)));
        Assert.Equal(["user", "key"], read.Values.Keys, StringComparer.Ordinal);
        Assert.Equal(new byte[] { 0, 255, 10 }, read.Values["key"]);
        Assert.Equal("Secret { user, key }", read.ToString());
        Assert.Throws<ProtocolException>(() => Encoded(new Secret(new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["key"] = new byte[5000] })));
    }

    [Fact]
    public void An_unknown_type_is_no_error()
    {
        var unknown = Assert.IsType<Unknown>(MessageCodec.Decode(Bytes("534C4345 0900 FF00 02000000 0102")));
        Assert.Equal(255, unknown.Number);
        Assert.Equal(95, unknown.Refusal.Errno);
    }

    [Fact]
    public void A_newer_hello_is_understood()
    {
        var bytes = Encoded(new Hello(1, 9, "9.0", false, 0, 0)).Concat(new byte[] { 1, 2, 3 }).ToArray();
        bytes[4] = 9;
        bytes[8] += 3;
        Assert.Equal(new Hello(1, 9, "9.0", false, 0, 0), MessageCodec.Decode(bytes));
    }

    [Theory]
    [InlineData("")]
    [InlineData("534C4345 0100 0C00 000000")]
    [InlineData("00000000 0100 0C00 00000000")] // magic
    [InlineData("534C4345 0100 0C00 01000000")] // length says more
    [InlineData("534C4345 0100 0C00 00000000 00")] // length says less
    [InlineData("534C4345 0100 0C00 01000000 00")] // a body where none belongs
    [InlineData("534C4345 0100 0300 07000000 2D000000000000")] // ends within a field
    [InlineData("534C4345 0100 0400 04000000 08000000")] // too many pairs
    [InlineData("534C4345 0100 0400 04000000 FFFFFFFF")]
    [InlineData("534C4345 0100 0800 02000000 FFFF")] // a text longer than allowed
    [InlineData("534C4345 0100 0800 02000000 0500")] // a text longer than the message
    [InlineData("534C4345 0100 0800 03000000 0100 FF")] // not UTF-8
    [InlineData("534C4345 0100 0900 02000000 0002")] // 512 process numbers
    [InlineData("534C4345 0100 0900 06000000 0200 01000000")] // fewer than said
    [InlineData("534C4345 0100 0600 02000000 FFFF")] // entries
    [InlineData("534C4345 0100 0600 0C000000 0200 0100 78 0000 0100 78 0000")] // a name twice
    [InlineData("534C4345 0100 0D00 03000000 02 0000")] // neither true nor false
    [InlineData("534C4345 0100 0100 0F000000 0200 0100 0000 00 00000000 00000000")] // newest before oldest
    [InlineData("534C4345 0100 0100 0F000000 0100 0100 0000 00 00000000 FFFFFFFF")] // negative size
    public void A_malformed_message_is_refused(string hex) =>
        Assert.Throws<ProtocolException>(() => MessageCodec.Decode(Bytes(hex)));

    [Fact]
    public void A_long_text_is_cut_between_characters()
    {
        var cut = Assert.IsType<Error>(MessageCodec.Decode(Encoded(new Error(1, new string('€', 5000)))));
        Assert.Equal(SessionProtocol.MaxText / 3, cut.Message.Length);
        Assert.Equal(new string('€', cut.Message.Length), cut.Message);
    }

    [Fact]
    public void Whatever_arrives_is_a_message_or_refused()
    {
        var random = new Random(1);
        Message[] seeds = [new Hello(1, 1, "v", true, 1, 1), new KilledQuery([1, 2, 3]), new Stats(1, 2, 3, 4, 5, 6, 7, 8, 9), new Goodbye(true, "lost"),
            new Secret(new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["a"] = Encoding.UTF8.GetBytes("b") })];
        for (int i = 0; i < 100_000; i++)
        {
            byte[] bytes = Encoded(seeds[random.Next(seeds.Length)]);
            for (int n = random.Next(4); n >= 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0)
                Array.Resize(ref bytes, random.Next(bytes.Length + 8));
            try
            {
                _ = MessageCodec.Decode(bytes);
            }
            catch (ProtocolException)
            {
            }
        }
    }

    private static byte[] Encoded(Message message)
    {
        var buffer = new byte[SessionProtocol.MaxMessage];
        return buffer[..MessageCodec.Encode(message, buffer)];
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
