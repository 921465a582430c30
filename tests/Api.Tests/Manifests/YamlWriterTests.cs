using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Sluice.Api.Manifests;

namespace Sluice.Api.Tests.Manifests;

public sealed class YamlWriterTests
{
    private static readonly string[] Traps =
    [
        "", "no", "NO", "y", "~", "null", "1", "010", "0x1f", "1e3", ".5", "+1", "1_0", ".inf", "<<", "=", "-", "--flag", "- a", "a: b", "a:b", "a:", ":a", "? a",
        "a #b", "a#b", "#a", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "'a", "\"a\"", "{a}", "[a]", "a,b", "---", "--- a", "...", " a", "a ", "\ta", "a\tb", "a\n", "a\nb",
        "a\n\n", "\n", "\na", " a\nb", "a\n b\n", "a\r\nb", "a\n\tb", "a \nb ", "a\n \nb", "\u0085", "\u2028", "\uFEFF", "😀", "\u0000", "2026-11-24", "1:30", "10.0.0.1", "a\\b", "true\n",
    ];

    private static readonly string[] Numbers = ["0", "-1", "1.50", "1e3", "-2.5E-7", "123456789012345678901234567890"];

    private static readonly Gen<string> GenText = Gen.OneOf(
        Gen.Int[0, Traps.Length - 1].Select(i => Traps[i]),
        Gen.Char["ab01:-#'\"{}[],&*!|>%@`\\ \n\t.?~<=_é\u0085"].Array[0, 12].Select(c => new string(c)));

    private static readonly Gen<JsonNode?> GenLeaf = Gen.OneOf(
        GenText.Select(s => (JsonNode?)JsonValue.Create(s)),
        Gen.Int.Select(i => (JsonNode?)JsonValue.Create(i)),
        Gen.Int[0, Numbers.Length - 1].Select(i => JsonNode.Parse(Numbers[i])),
        Gen.Bool.Select(b => (JsonNode?)JsonValue.Create(b)),
        Gen.Const((JsonNode?)null));

    private static Gen<JsonNode?> Value(int depth) => depth == 0
        ? GenLeaf
        : Gen.Frequency(
            (3, GenLeaf),
            (2, Value(depth - 1).Array[0, 4].Select(JsonNode? (items) => new JsonArray([.. items.Select(i => i?.DeepClone())]))),
            (2, Gen.Select(GenText, Value(depth - 1)).Array[0, 4].Select(JsonNode? (members) =>
                new JsonObject(members.DistinctBy(m => m.Item1, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Item1, m.Item2?.DeepClone()))))));

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        Value(3).Sample(value =>
        {
            var json = value?.ToJsonString() ?? "null";
            using var document = JsonDocument.Parse(json);
            var yaml = YamlWriter.Write(document.RootElement);
            var file = YamlDocuments.Read(yaml);
            Assert.True(file.Errors.Count == 0, yaml + string.Join('\n', file.Errors));
            using var read = JsonDocument.Parse(Assert.Single(file.Documents).Json);
            Assert.True(JsonElement.DeepEquals(document.RootElement, read.RootElement), $"{json}\n{yaml}");
        }, iter: 1000);
    }

    [Fact]
    public void Every_trap_reads_back_as_the_text_it_was()
    {
        foreach (var trap in Traps)
        {
            using var document = JsonDocument.Parse(new JsonObject { [trap.Length > 0 ? trap : "k"] = new JsonArray(trap, trap) }.ToJsonString());
            var yaml = YamlWriter.Write(document.RootElement);
            using var read = JsonDocument.Parse(Assert.Single(YamlDocuments.Read(yaml).Documents).Json);
            Assert.True(JsonElement.DeepEquals(document.RootElement, read.RootElement), yaml);
        }
    }

    [Fact]
    public void It_looks_as_people_write_it()
    {
        using var document = JsonDocument.Parse("""
            {"apiVersion":"v1","metadata":{"labels":{"a/b":"true","on":"1"},"annotations":{}},"spec":{"containers":[{"name":"x",
            "command":["sh","--flag","a: b",""],"args":[],"env":[{"name":"A","value":"line 1\nline 2\n"},{"name":"B","value":"x\ny"}]}],
            "none":null,"nested":[[1,2],[]],"time":"2026-11-24T10:00:00Z","ip":"10.0.0.1","uri":"http://x:80/","f":0.50}}
            """);
        Assert.Equal(
            """
            apiVersion: v1
            metadata:
              labels:
                a/b: "true"
                "on": "1"
              annotations: {}
            spec:
              containers:
              - name: x
                command:
                - sh
                - --flag
                - "a: b"
                - ""
                args: []
                env:
                - name: A
                  value: |
                    line 1
                    line 2
                - name: B
                  value: |-
                    x
                    y
              none: null
              nested:
              - - 1
                - 2
              - []
              time: "2026-11-24T10:00:00Z"
              ip: 10.0.0.1
              uri: http://x:80/
              f: 0.50

            """,
            YamlWriter.Write(document.RootElement));
    }
}
