using System.Buffers;
using System.Text.Json;

namespace Sluice.Injection;

/// <summary>
/// This thread's JSON writers, used again for each decision, which never leaves its thread: one for the patch, one for the
/// pieces that are written before they go into it.
/// </summary>
internal static class ThreadWriter
{
    [ThreadStatic]
    private static Utf8JsonWriter? t_patch;

    [ThreadStatic]
    private static Utf8JsonWriter? t_piece;

    public static Utf8JsonWriter ForPatch(IBufferWriter<byte> output) => Reuse(ref t_patch, output);

    /// <summary>Flush it before the piece is read; the next call takes it over.</summary>
    public static Utf8JsonWriter ForPiece(IBufferWriter<byte> output) => Reuse(ref t_piece, output);

    private static Utf8JsonWriter Reuse(ref Utf8JsonWriter? writer, IBufferWriter<byte> output)
    {
        if (writer is null)
            writer = new Utf8JsonWriter(output, Json.WriterOptions);
        else
            writer.Reset(output);
        return writer;
    }
}
