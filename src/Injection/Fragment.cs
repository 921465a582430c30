using System.Buffers;
using System.Text.Json;

namespace Sluice.Injection;

/// <summary>
/// A piece of JSON that the injection wants, as a document to compare with what a pod already has. Only pods that were
/// injected before need one.
/// </summary>
internal static class Fragment
{
    public static JsonDocument Parse(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        var writer = ThreadWriter.ForPiece(buffer);
        write(writer);
        writer.Flush();
        return JsonDocument.Parse(buffer.WrittenMemory);
    }
}
