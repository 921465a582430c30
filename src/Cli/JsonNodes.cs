using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Cli;

/// <summary>From documents to nodes and back, without a change to a number's digits or a member's place.</summary>
internal static class JsonNodes
{
    private const int MaxDepth = 256; // levels: what the YAML reader allows, and what a patch may add

    private static readonly JsonDocumentOptions ReadOptions = new() { MaxDepth = MaxDepth };
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth };
    private static readonly JsonWriterOptions Indented = Compact with { Indented = true };

    public static JsonNode? Parse(ReadOnlyMemory<byte> json) => JsonNode.Parse(json.Span, documentOptions: ReadOptions);

    public static JsonDocument ParseDocument(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json, ReadOptions);

    /// <summary>A node that does not depend on the element's document.</summary>
    public static JsonNode? Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element.Clone()),
        JsonValueKind.Array => JsonArray.Create(element.Clone()),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(element.Clone()),
    };

    public static ReadOnlyMemory<byte> ToBytes(JsonNode node, bool indented = false) => Write(json => node.WriteTo(json), indented);

    public static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write, bool indented = false)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, indented ? Indented : Compact))
            write(json);
        return output.WrittenMemory;
    }
}
