using System.Diagnostics;
using System.Globalization;
using Sluice.Linux;

namespace Sluice.Recovery.Tests.Applications;

/// <summary>
/// Writes whole files and closes them. Of those whose fsync or close said nothing, each is at the source in the end, whole:
/// the client uploads from its own cache directory, which outlives it.
/// </summary>
internal sealed class UploadedFiles(string mount, string source, bool mayBeTold) : IApplication
{
    private static readonly TimeSpan UploadedWithin = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, byte[]> _kept = new(StringComparer.Ordinal);
    private readonly Random _random = new(6);

    public int Told { get; private set; }

    public void Round(int round)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"u{round}");
        byte[] data = new byte[_random.Next(1, 400_000)];
        _random.NextBytes(data);
        int file = Posix.Open(Path.Combine(Data.Written(mount), name), Posix.WriteOnly | Posix.Create | Posix.Truncating);
        bool kept = true;
        for (int offset = 0; offset < data.Length; offset += 70_000)
            Posix.WriteAt(file, data.AsSpan(offset, Math.Min(70_000, data.Length - offset)), offset);
        kept &= IsKept(() => Posix.Sync(file));
        kept &= IsKept(() => Posix.Close(file));
        if (kept)
            _kept.Add(name, data);
        Thread.Sleep(20); // the uploads keep up
    }

    public void Finish()
    {
        var clock = Stopwatch.StartNew();
        foreach (var (name, data) in _kept)
        {
            string path = Path.Combine(Data.Written(source), name);
            while (!(File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(data)))
            {
                if (clock.Elapsed > UploadedWithin)
                    throw new InvalidDataException($"{name} ({data.Length} bytes) is {(File.Exists(path) ? $"not what was written ({new FileInfo(path).Length} bytes)" : "not")} at the source");
                Thread.Sleep(50);
            }
        }
    }

    private bool IsKept(Action call)
    {
        try
        {
            call();
            return true;
        }
        catch (LinuxException e) when (mayBeTold && e.Errno == Errno.EIO)
        {
            Told++;
            return false;
        }
    }
}
