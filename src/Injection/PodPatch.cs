using System.Buffers;
using System.Text.Json;

namespace Sluice.Injection;

/// <summary>
/// Writes an RFC 6902 document: <c>add</c>, <c>replace</c>, <c>remove</c>, <c>move</c>, never <c>test</c> (API servers turn
/// a failing one into a 500 whatever the failure policy says). Nothing is written until the first operation.
/// </summary>
internal sealed class PodPatch(IBufferWriter<byte> output)
{
    private readonly Utf8JsonWriter _writer = ThreadWriter.ForPatch(output);

    public int Operations { get; private set; }

    /// <summary>
    /// Begins an operation whose value the caller writes to the result; <see cref="End"/> closes it. The path is given in up
    /// to three parts, so that joining them costs nothing.
    /// </summary>
    public Utf8JsonWriter Begin(string operation, string path, string member = "", string last = "")
    {
        Open(operation, path, member, last);
        _writer.WritePropertyName("value"u8);
        return _writer;
    }

    public void End() => _writer.WriteEndObject();

    /// <summary>Adds or replaces: <c>replace</c> where <paramref name="exists"/>, so that the document says what happens.</summary>
    public void Set(string path, bool exists, JsonElement value)
    {
        value.WriteTo(Begin(exists ? "replace" : "add", path));
        End();
    }

    public void Set(string path, bool exists, string value)
    {
        Begin(exists ? "replace" : "add", path).WriteStringValue(value);
        End();
    }

    public void SetTrue(string path, bool exists)
    {
        Begin(exists ? "replace" : "add", path).WriteBooleanValue(true);
        End();
    }

    public void Remove(string path)
    {
        Open("remove", path);
        End();
    }

    public void Move(string from, string path)
    {
        Open("move", path);
        _writer.WriteString("from"u8, from);
        End();
    }

    /// <summary>Completes the document.</summary>
    public void Finish()
    {
        if (Operations > 0)
            _writer.WriteEndArray();
        _writer.Flush();
    }

    /// <summary>One reference token of a JSON pointer (RFC 6901).</summary>
    public static string Escape(string token) => token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private void Open(string operation, string path, string member = "", string last = "")
    {
        if (Operations++ == 0)
            _writer.WriteStartArray();
        _writer.WriteStartObject();
        _writer.WriteString("op"u8, operation);
        Span<char> joined = stackalloc char[256]; // above any path to a list; longer ones take the slow way
        if (member.Length + last.Length == 0 || !joined.TryWrite($"{path}{member}{last}", out var length))
            _writer.WriteString("path"u8, path + member + last);
        else
            _writer.WriteString("path"u8, joined[..length]);
    }
}
