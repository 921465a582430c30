using System.Buffers;

namespace Sluice.Webhook;

/// <summary>A request's body in a pooled array, which goes back on dispose; nothing that points into it may live longer.</summary>
internal sealed class RequestBody : IDisposable
{
    // A sender who only promises a large body gets this much; the array grows with what arrives.
    private const int FirstRent = 64 * 1024;

    private byte[] _array;
    private int _length;

    private RequestBody(int size) => _array = ArrayPool<byte>.Shared.Rent(size);

    public ReadOnlyMemory<byte> Memory => _array.AsMemory(0, _length);

    /// <summary>Reads the body to its end; null when it has more than <paramref name="max"/> bytes.</summary>
    public static async Task<RequestBody?> ReadAsync(HttpRequest request, int max, CancellationToken token)
    {
        var promised = request.ContentLength ?? 0;
        if (promised > max)
            return null;
        // One more than promised, so that the end is seen without growing.
        var body = new RequestBody((int)Math.Min(promised + 1, FirstRent));
        try
        {
            if (await body.FillAsync(request.Body, max, token))
                return body;
            body.Dispose();
            return null;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_array);
        _array = [];
        _length = 0;
    }

    private async ValueTask<bool> FillAsync(Stream stream, int max, CancellationToken token)
    {
        while (true)
        {
            var read = await stream.ReadAsync(_array.AsMemory(_length), token);
            if (read == 0)
                return true;
            _length += read;
            if (_length > max)
                return false;
            if (_length == _array.Length)
                Grow();
        }
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_array.Length * 2);
        _array.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
    }
}
