namespace Sluice.Recovery.Tests.Applications;

/// <summary>Opens, reads and closes one small file after another.</summary>
internal sealed class ManyFiles(string mount, string source) : IApplication
{
    private readonly (string Name, byte[] Content)[] _want = [.. Directory.GetFiles(Data.Small(source)).Select(path => (Path.GetFileName(path), File.ReadAllBytes(path)))];
    private readonly byte[] _buffer = new byte[4096];
    private readonly Random _random = new(3);

    public void Round(int round)
    {
        var (name, content) = _want[_random.Next(_want.Length)];
        int file = Posix.Open(Path.Combine(Data.Small(mount), name), Posix.ReadOnly);
        int length = Posix.ReadAt(file, _buffer, 0);
        Posix.Close(file);
        if (!_buffer.AsSpan(0, length).SequenceEqual(content))
            throw new InvalidDataException($"open: wrong content of {name}");
    }
}
