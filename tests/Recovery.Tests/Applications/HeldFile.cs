namespace Sluice.Recovery.Tests.Applications;

/// <summary>Keeps a file open that it seldom looks at, longer than any client lives.</summary>
internal sealed class HeldFile(string mount, string source) : IApplication
{
    private readonly byte[] _want = File.ReadAllBytes(Data.Big(source));
    private readonly int _file = Posix.Open(Data.Big(mount), Posix.ReadOnly);
    private readonly byte[] _buffer = new byte[1000];
    private readonly Random _random = new(4);

    public void Round(int round)
    {
        int offset = _random.Next(_want.Length - _buffer.Length);
        if (Posix.ReadAt(_file, _buffer, offset) != _buffer.Length || !_buffer.AsSpan().SequenceEqual(_want.AsSpan(offset, _buffer.Length)))
            throw new InvalidDataException($"held: wrong data at {offset}");
        Thread.Sleep(20);
    }

    public void Finish() => Posix.Close(_file);
}
