using System.Buffers;
using System.Text.Json;

namespace Sluice.Kube;

/// <summary>Takes a stream apart at its line ends. A last line without an end is half an event and dropped.</summary>
internal sealed class JsonLines(Stream stream) : IDisposable
{
    private const int FirstBuffer = 16 * 1024; // bytes
    private const int MaxLine = 16 * 1024 * 1024; // bytes; API servers take objects of 3 MiB at most

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _start; // of what was not taken yet
    private int _end;

    /// <summary>Waits for more; false at the end. Lines that were taken are not valid any more.</summary>
    /// <exception cref="IOException">The stream ended within a line.</exception>
    public async Task<bool> ReadAsync(CancellationToken token)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
            Grow();
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), token);
        _end += read;
        if (read == 0 && _end > 0)
            throw new IOException("it ended in the middle of an event");
        return read > 0;
    }

    /// <summary>The next line that is there in full.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> line)
    {
        var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
        line = _buffer.AsMemory(_start, Math.Max(length, 0));
        _start += length + 1; // by nothing where there is none
        return length >= 0;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void Grow()
    {
        if (_buffer.Length >= MaxLine)
            throw new JsonException($"it is larger than {MaxLine / 1024 / 1024} MiB");
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
