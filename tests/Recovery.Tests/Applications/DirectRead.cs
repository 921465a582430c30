namespace Sluice.Recovery.Tests.Applications;

/// <summary>Reads at random places past the page cache, through one file that it opened at the start.</summary>
internal sealed unsafe class DirectRead(string mount, string source) : IApplication
{
    private const int Length = 64 << 10;

    private readonly byte[] _want = File.ReadAllBytes(Data.Big(source));
    private readonly int _file = Posix.Open(Data.Big(mount), Posix.ReadOnly | Posix.Direct);
    private readonly byte* _buffer = Posix.AlignedMemory(Length);
    private readonly Random _random = new(1);

    public void Round(int round)
    {
        int offset = _random.Next(_want.Length / Length) * Length;
        int length = Posix.ReadAt(_file, _buffer, Length, offset);
        if (length != Length || !new ReadOnlySpan<byte>(_buffer, Length).SequenceEqual(_want.AsSpan(offset, Length)))
            throw new InvalidDataException($"direct: wrong data at {offset}, {length} bytes");
    }
}
