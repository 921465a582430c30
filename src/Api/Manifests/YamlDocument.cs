using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Sluice.Api.Manifests;

/// <summary>A place in a text; line and column count from 1.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct YamlMark(int Line, int Column);

/// <summary>Why a text, or a document in it, cannot be read. <paramref name="Path"/> is empty for errors of syntax.</summary>
public sealed record YamlError(YamlMark Mark, string Path, string Message);

/// <summary>What <see cref="YamlDocuments.Read"/> found: the documents that could be read, and everything wrong with the others.</summary>
public sealed record YamlFile(IReadOnlyList<YamlDocument> Documents, IReadOnlyList<YamlError> Errors);

/// <summary>One document as UTF-8 JSON, which remembers where each of its values was written.</summary>
public sealed class YamlDocument
{
    private readonly YamlMark[] _marks; // of each value, in the order in which they stand in Json

    internal YamlDocument(ReadOnlyMemory<byte> json, YamlMark[] marks)
    {
        Json = json;
        _marks = marks;
    }

    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>Where the document's content begins.</summary>
    public YamlMark Start => _marks[0];

    /// <summary>
    /// Where the value at <paramref name="path"/> was written: the place of its key, or of the item in a list. A path that
    /// the document does not have gives the place of its deepest part that it has. Walks the document: for messages only.
    /// </summary>
    public YamlMark Find(string path)
    {
        var reader = new Utf8JsonReader(Json.Span);
        reader.Read();
        var index = 0;
        foreach (var segment in FieldPath.Segments(path))
        {
            var child = index + 1;
            if (!TryEnter(ref reader, segment, ref child))
                break;
            index = child;
        }
        return _marks[index];
    }

    /// <summary>Moves from a container to its child of that name or index; <paramref name="child"/> comes in as the number of its first value.</summary>
    private static bool TryEnter(ref Utf8JsonReader reader, string segment, ref int child)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var found = reader.ValueTextEquals(segment);
                reader.Read();
                if (found)
                    return true;
                child += Skip(ref reader);
            }
        }
        else if (reader.TokenType == JsonTokenType.StartArray && int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted))
        {
            for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
            {
                if (i == wanted)
                    return true;
                child += Skip(ref reader);
            }
        }
        return false;
    }

    /// <summary>Passes the value that the reader stands on and counts it and the values in it.</summary>
    private static int Skip(ref Utf8JsonReader reader)
    {
        var count = 1;
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return count;
        var depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndObject or JsonTokenType.EndArray))
                count++;
        }
        return count;
    }
}
