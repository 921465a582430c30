namespace Sluice.Recovery.Tests.Applications;

/// <summary>Looks at pages of a mapping that it made at the start. A page that cannot be had is SIGBUS, and the end of the process.</summary>
internal sealed unsafe class MappedRead : IApplication
{
    private const int Page = 4096;

    private readonly byte[] _want;
    private readonly byte* _map;
    private readonly Random _random = new(2);

    public MappedRead(string mount, string source)
    {
        _want = File.ReadAllBytes(Data.Big(source));
        int file = Posix.Open(Data.Big(mount), Posix.ReadOnly);
        _map = Posix.Map(file, _want.Length);
        Posix.Close(file); // the mapping keeps the file open
    }

    public void Round(int round)
    {
        int offset = _random.Next(_want.Length / Page) * Page;
        if (!new ReadOnlySpan<byte>(_map + offset, Page).SequenceEqual(_want.AsSpan(offset, Page)))
            throw new InvalidDataException($"mapped: wrong data at {offset}");
    }
}
