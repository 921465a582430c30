using System.Globalization;
using System.Text;
using Sluice.Linux;

namespace Sluice.Recovery.Tests.Applications;

/// <summary>
/// Appends numbered lines to a log that stays open, with an fsync after every few. Lines that an fsync has confirmed are in
/// the source at the end, each at its place.
/// </summary>
internal sealed class AppendedLog(string mount, string source, bool mayBeTold) : IApplication
{
    private const int LineLength = 9;
    private const int LinesPerSync = 16;

    private readonly int _file = Posix.Open(Path.Combine(Data.Written(mount), "log"), Posix.WriteOnly | Posix.Create | Posix.Truncating | Posix.Appending);
    private readonly List<(int First, int Count)> _confirmed = [];
    private int _lines;
    private int _synced;

    public int Told { get; private set; }

    public void Round(int round)
    {
        Posix.Write(_file, Line(_lines));
        _lines++;
        if (_lines % LinesPerSync == 0)
            Confirm(() => Posix.Sync(_file));
        Thread.Sleep(1);
    }

    public void Finish()
    {
        Confirm(() => Posix.Close(_file));
        byte[] log = File.ReadAllBytes(Path.Combine(Data.Written(source), "log"));
        foreach (var (first, count) in _confirmed)
        {
            for (int line = first; line < first + count; line++)
            {
                if (!log.AsSpan(Math.Min(line * LineLength, log.Length)).StartsWith(Line(line)))
                    throw new InvalidDataException($"append: line {line} of {_lines} was confirmed and is not in the log of {log.Length} bytes");
            }
        }
        if (Told == 0 && log.Length != _lines * LineLength)
            throw new InvalidDataException($"append: {log.Length} bytes in the log, {_lines * LineLength} were written");
    }

    private void Confirm(Action call)
    {
        try
        {
            call();
            _confirmed.Add((_synced, _lines - _synced));
        }
        catch (LinuxException e) when (mayBeTold && e.Errno == Errno.EIO)
        {
            Told++;
        }
        _synced = _lines;
    }

    private static byte[] Line(int number) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number:00000000}\n"));
}
