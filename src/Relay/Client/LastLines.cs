using System.Text;
using Sluice.Linux;

namespace Sluice.Relay.Client;

/// <summary>Passes what the client prints on to standard error, and keeps the last of it for those who ask why it ended.</summary>
internal sealed unsafe class LastLines
{
    private const int Capacity = 4096; // the termination message of a container holds as much

    private readonly byte[] _kept = new byte[Capacity]; // guarded by itself
    private int _length;

    /// <summary>Reads until the last process that holds the other end has ended. Takes <paramref name="reader"/>.</summary>
    public static LastLines Follow(FileDescriptor reader)
    {
        var lines = new LastLines();
        new Thread(() => lines.Read(reader), 128 << 10) { IsBackground = true, Name = "client output" }.Start();
        return lines;
    }

    public override string ToString()
    {
        lock (_kept)
            return Encoding.UTF8.GetString(_kept, 0, _length).Trim();
    }

    private void Read(FileDescriptor reader)
    {
        byte* buffer = stackalloc byte[Capacity];
        using (reader)
        {
            int length;
            while ((length = Transfers.Read(reader.Number, buffer, Capacity)) > 0)
            {
                _ = Transfers.Write(2, buffer, length);
                Keep(new(buffer, length));
            }
        }
    }

    private void Keep(ReadOnlySpan<byte> text)
    {
        lock (_kept)
        {
            int drop = Math.Max(0, _length + text.Length - Capacity);
            _kept.AsSpan(drop, _length - drop).CopyTo(_kept);
            _length -= drop;
            text.CopyTo(_kept.AsSpan(_length));
            _length += text.Length;
        }
    }
}
