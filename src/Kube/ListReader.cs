using System.Buffers;
using System.Text.Json;

namespace Sluice.Kube;

/// <summary>
/// Reads a list while it arrives, object by object: memory is bounded by the largest object and not by the list, which may be
/// one page of a few or, from a server that ignores <c>limit</c>, everything there is.
/// </summary>
internal static class ListReader
{
    private const int FirstBuffer = 64 * 1024; // bytes
    private const int MaxItem = 16 * 1024 * 1024; // bytes of one object; API servers take 3 MiB at most

    /// <summary>Reads <paramref name="body"/> to its end; each object is valid only while <paramref name="item"/> has it.</summary>
    /// <exception cref="JsonException">The text is no list, or ends early, or holds an object that is too large.</exception>
    public static async Task<ListPage> ReadAsync(Stream body, Action<JsonElement> item, CancellationToken token)
    {
        var parser = new Parser(item);
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            var filled = 0;
            while (true)
            {
                var read = await body.ReadAsync(buffer.AsMemory(filled), token);
                filled += read;
                var used = parser.Take(buffer.AsSpan(0, filled), isFinal: read == 0);
                buffer.AsSpan(used, filled - used).CopyTo(buffer);
                filled -= used;
                if (read == 0)
                    return parser.Page();
                if (filled == buffer.Length)
                    buffer = Grow(buffer);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        if (buffer.Length >= MaxItem)
            throw new JsonException($"an object is larger than {MaxItem / 1024 / 1024} MiB");
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    /// <summary>Where in the list we are; fed with what has arrived, gives back what it could use.</summary>
    private sealed class Parser(Action<JsonElement> item)
    {
        private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = 128 });
        private Place _place = Place.Start;
        private string? _resourceVersion;
        private string? _continue;

        private enum Place
        {
            Start,
            Members,
            Metadata,
            ItemsStart,
            Items,
            Other,
            End,
        }

        public int Take(ReadOnlySpan<byte> text, bool isFinal)
        {
            var reader = new Utf8JsonReader(text, isFinal, _state);
            var used = 0;
            while (Step(ref reader))
            {
                used = (int)reader.BytesConsumed;
                _state = reader.CurrentState;
            }
            return used;
        }

        public ListPage Page()
        {
            if (_place != Place.End)
                throw new JsonException("it ends in the middle");
            return new ListPage(
                _resourceVersion is { Length: > 0 } version ? version : throw new JsonException("it has no metadata.resourceVersion"),
                _continue is { Length: > 0 } ? _continue : null);
        }

        /// <summary>Takes one step; false, with nothing taken, when the text does not reach that far.</summary>
        private bool Step(ref Utf8JsonReader reader)
        {
            switch (_place)
            {
                case Place.Start:
                    return Read(ref reader) && Expect(reader.TokenType == JsonTokenType.StartObject, Place.Members);
                case Place.Members:
                    return Read(ref reader) && Member(ref reader);
                case Place.Metadata:
                    return Value(ref reader, out var metadata) && Metadata(metadata);
                case Place.ItemsStart:
                    if (!Read(ref reader))
                        return false;
                    // An empty list of a custom resource may be null.
                    return Expect(reader.TokenType is JsonTokenType.StartArray or JsonTokenType.Null, reader.TokenType == JsonTokenType.Null ? Place.Members : Place.Items);
                case Place.Items:
                    return Item(ref reader);
                case Place.Other:
                    return Value(ref reader, out _) && Expect(true, Place.Members);
                default:
                    return false;
            }
        }

        private bool Member(ref Utf8JsonReader reader)
        {
            if (reader.TokenType == JsonTokenType.EndObject)
                return Expect(true, Place.End);
            return Expect(
                reader.TokenType == JsonTokenType.PropertyName,
                reader.ValueTextEquals("metadata"u8) ? Place.Metadata : reader.ValueTextEquals("items"u8) ? Place.ItemsStart : Place.Other);
        }

        private bool Metadata(JsonElement metadata)
        {
            if (metadata.ValueKind == JsonValueKind.Object)
            {
                _resourceVersion = metadata.TryGetProperty("resourceVersion", out var version) ? version.GetString() : null;
                _continue = metadata.TryGetProperty("continue", out var token) ? token.GetString() : null;
            }
            return Expect(true, Place.Members);
        }

        private bool Item(ref Utf8JsonReader reader)
        {
            if (!Read(ref reader))
                return false;
            if (reader.TokenType == JsonTokenType.EndArray)
                return Expect(true, Place.Members);
            if (!JsonDocument.TryParseValue(ref reader, out var document))
                return false;
            using (document)
                item(document.RootElement);
            return true;
        }

        private static bool Read(ref Utf8JsonReader reader) => reader.Read();

        private static bool Value(ref Utf8JsonReader reader, out JsonElement value)
        {
            var complete = JsonElement.TryParseValue(ref reader, out var element);
            value = element ?? default;
            return complete;
        }

        private bool Expect(bool asExpected, Place next)
        {
            _place = asExpected ? next : throw new JsonException("it is no list of objects");
            return true;
        }
    }
}
