using System.Security.Cryptography;

namespace Sluice.Recovery.Tests.Applications;

/// <summary>Reads a large file from its beginning to its end, again and again, each time with the right checksum. A round is one read.</summary>
internal sealed class SequentialRead(string mount, string source) : IApplication
{
    private readonly byte[] _want = SHA256.HashData(File.ReadAllBytes(Data.Big(source)));
    private readonly byte[] _buffer = new byte[128 << 10];
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _file = -1;
    private long _offset;

    public void Round(int round)
    {
        if (_file < 0)
            (_file, _offset) = (Posix.Open(Data.Big(mount), Posix.ReadOnly), 0);
        int length = Posix.ReadAt(_file, _buffer, _offset);
        _offset += length;
        _hash.AppendData(_buffer, 0, length);
        if (length > 0)
            return;
        Posix.Close(_file);
        _file = -1;
        if (!_hash.GetHashAndReset().AsSpan().SequenceEqual(_want))
            throw new InvalidDataException($"sequential: wrong checksum of {_offset} bytes");
    }
}
