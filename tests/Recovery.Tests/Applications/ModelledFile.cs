namespace Sluice.Recovery.Tests.Applications;

/// <summary>Writes, reads, truncates and reopens one file at random and holds it against the same bytes in memory, as fsx does.</summary>
internal sealed class ModelledFile : IApplication
{
    private const int MaxLength = 400_000;

    private readonly string _path;
    private readonly Random _random;
    private readonly byte[] _model = new byte[MaxLength];
    private readonly byte[] _buffer = new byte[MaxLength];
    private int _length;
    private int _file;

    public ModelledFile(string mount, int seed)
    {
        _path = Path.Combine(Data.Written(mount), "modelled");
        _random = new(seed);
        _file = Posix.Open(_path, Posix.ReadWrite | Posix.Create | Posix.Truncating);
    }

    public void Round(int round)
    {
        switch (_random.Next(10))
        {
            case < 4:
                Write();
                break;
            case < 7:
                Compare(_random.Next(_length + 1), _random.Next(1, 100_000));
                break;
            case 7:
                Truncate(_random.Next(MaxLength));
                break;
            case 8:
                Posix.Sync(_file);
                break;
            default:
                Posix.Close(_file);
                _file = Posix.Open(_path, Posix.ReadWrite);
                break;
        }
    }

    public void Finish()
    {
        Compare(0, MaxLength);
        Posix.Close(_file);
    }

    private void Write()
    {
        int offset = _random.Next(MaxLength - 1);
        var data = _model.AsSpan(offset, _random.Next(1, Math.Min(150_000, MaxLength - offset)));
        _random.NextBytes(data);
        Posix.WriteAt(_file, data, offset);
        _length = Math.Max(_length, offset + data.Length);
    }

    private void Truncate(int length)
    {
        Posix.Truncate(_file, length);
        if (length < _length)
            _model.AsSpan(length).Clear();
        _length = length;
    }

    private void Compare(int offset, int length)
    {
        int expected = Math.Clamp(_length - offset, 0, length);
        int read = 0;
        while (read < length && Posix.ReadAt(_file, _buffer.AsSpan(read, Math.Min(length, MaxLength) - read), offset + read) is > 0 and var part)
            read += part;
        if (read != expected || !_buffer.AsSpan(0, read).SequenceEqual(_model.AsSpan(offset, read)))
            throw new InvalidDataException($"file: {read} bytes at {offset} where {expected} should be, equal up to {_buffer.AsSpan(0, read).CommonPrefixLength(_model.AsSpan(offset, read))}");
        if (Posix.Stat(_path).Size != _length)
            throw new InvalidDataException($"file: stat says {Posix.Stat(_path).Size} bytes, there are {_length}");
    }
}
