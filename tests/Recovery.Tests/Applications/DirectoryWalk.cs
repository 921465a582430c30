namespace Sluice.Recovery.Tests.Applications;

/// <summary>Lists a directory slowly, in pieces of a few names, and stats each: no name may be lost or come twice. A round is a piece.</summary>
internal sealed class DirectoryWalk(string mount, string source) : IApplication
{
    private const int Room = 512; // bytes of names at once

    private readonly string[] _want = [.. Directory.GetFiles(Data.Small(source)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    private readonly List<string> _names = [];
    private int _directory = -1;

    public void Round(int round)
    {
        if (_directory < 0)
            _directory = Posix.Open(Data.Small(mount), Posix.ReadOnly);
        int known = _names.Count;
        if (Posix.ReadNames(_directory, Room, _names))
        {
            foreach (string name in _names.Skip(known))
                _ = Posix.Stat(Path.Combine(Data.Small(mount), name));
            Thread.Sleep(1);
            return;
        }
        Posix.Close(_directory);
        _directory = -1;
        var names = _names.Order(StringComparer.Ordinal).ToArray();
        _names.Clear();
        if (!names.SequenceEqual(_want, StringComparer.Ordinal))
        {
            throw new InvalidDataException(
                $"walk: {names.Length} names, {names.Distinct(StringComparer.Ordinal).Count()} different ones, of {_want.Length}; lost: {string.Join(' ', _want.Except(names, StringComparer.Ordinal).Take(3))}");
        }
    }
}
