using System.Text;
using System.Text.Json;

namespace Sluice.Webhook.Tests;

/// <summary>Makes bad reviews of good ones: by bytes, and by whole JSON values and members.</summary>
internal sealed class ReviewMutator
{
    private static readonly byte[][] Values =
    [
        .. new[]
        {
            "null", "true", "false", "0", "-1", "1e999", "0.1", "\"\"", "[]", "{}", "[{}]", "[null]", "[[]]", "{\"\":null}", "\"\\ud800\"",
            "\"\\udc00\\ud800\"", "\"\\u0000\\n\\u2028\"", "\"\u202e\ufeff\U0001F600e\u0301\"", "\"a/b=/c:rw, d=../../e\"", "\"true\"", "\"sluice-x--session\"",
            "{\"name\":\"a\",\"name\":\"b\"}", "{\"$ref\":\"#\"}", "\"${mountpoint}\"", "18446744073709551616", "\"csi.sluice.io\"", "tru", "NaN", "'a'", "//",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly byte[] _seed;
    private readonly List<(int Start, int End)> _values = [];
    private readonly List<(int Start, int End)> _members = [];

    public ReviewMutator(byte[] seed)
    {
        _seed = seed;
        Index();
    }

    /// <summary>One to four changes, all of them drawn from <paramref name="random"/>.</summary>
    public byte[] Mutate(Random random)
    {
        var body = random.Next(4) == 0 ? [.. _seed] : ChangeStructure(random);
        for (var i = random.Next(4); i > 0 && body.Length > 1; i--)
            body = ChangeBytes(body, random);
        return body;
    }

    private byte[] ChangeStructure(Random random)
    {
        var (start, end) = _values[random.Next(_values.Count)];
        var member = _members[random.Next(_members.Count)];
        return random.Next(8) switch
        {
            0 => Replace(member.Start, member.End, []), // leaves a comma behind
            1 => Replace(member.Start, member.Start, [.. _seed.AsSpan(member.Start, member.End - member.Start), (byte)',']), // the same key twice
            2 => Replace(start, end, Deep(random)),
            3 => Replace(start, end, Encoding.UTF8.GetBytes($"\"{new string('x', random.Next(1, 20_000))}\"")),
            4 => Swap(random, start, end),
            _ => Replace(start, end, Values[random.Next(Values.Length)]),
        };
    }

    private byte[] Swap(Random random, int start, int end)
    {
        var (otherStart, otherEnd) = _values[random.Next(_values.Count)];
        return Replace(start, end, _seed.AsSpan(otherStart, otherEnd - otherStart));
    }

    private static byte[] Deep(Random random)
    {
        var depth = random.Next(8) == 0 ? 20_000 : random.Next(1, 80);
        var text = random.Next(2) == 0
            ? new string('[', depth) + new string(']', random.Next(8) == 0 ? depth - 1 : depth)
            : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
        return Encoding.UTF8.GetBytes(text);
    }

    private static byte[] ChangeBytes(byte[] body, Random random)
    {
        var at = random.Next(body.Length);
        var end = Math.Min(body.Length, at + random.Next(1, 64));
        switch (random.Next(7))
        {
            case 0: return body[..at]; // truncated
            case 1: return [.. body[..at], .. body[end..]];
            case 2: return [.. body[..end], .. body[at..]];
            case 3: return [.. body[..at], (byte)random.Next(256), .. body[at..]];
            case 4: return [.. body[..at], .. Values[random.Next(Values.Length)], .. body[at..]];
            case 5:
                body[at] ^= (byte)(1 << random.Next(8));
                return body;
            default:
                body[at] = (byte)"{}[]\",:\\ \0"[random.Next(10)];
                return body;
        }
    }

    private byte[] Replace(int start, int end, ReadOnlySpan<byte> with) => [.. _seed.AsSpan(0, start), .. with, .. _seed.AsSpan(end)];

    /// <summary>Where each value and each member begins and ends.</summary>
    private void Index()
    {
        var reader = new Utf8JsonReader(_seed);
        var open = new Stack<(int Value, int Member)>();
        var member = -1;
        while (reader.Read())
        {
            var start = (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    member = start;
                    continue;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    open.Push((start, member));
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    var opened = open.Pop();
                    Add(opened.Value, opened.Member, (int)reader.BytesConsumed);
                    break;
                default:
                    Add(start, member, (int)reader.BytesConsumed);
                    break;
            }
            member = -1;
        }
    }

    private void Add(int value, int member, int end)
    {
        _values.Add((value, end));
        if (member >= 0)
            _members.Add((member, end));
    }
}
