using Sluice.Linux;

namespace Sluice.Recovery.Tests.Applications;

/// <summary>
/// Writes whole files, fsync and close, and compares them through the mount and at the source. Where fsync or close says
/// that data is lost the file is written anew; where they say nothing, nothing may be lost.
/// </summary>
internal sealed class WriteAndCompare(string mount, string source, bool mayBeTold) : IApplication
{
    private const int Files = 20;

    private readonly Random _random = new(5);

    public int Told { get; private set; }

    public void Round(int round)
    {
        string name = $"f{round % Files}";
        byte[] data = new byte[_random.Next(1, 300_000)];
        _random.NextBytes(data);
        if (!Write(Path.Combine(Data.Written(mount), name), data))
            return;
        Compare(Path.Combine(Data.Written(mount), name), data, "through the mount");
        Compare(Path.Combine(Data.Written(source), name), data, "at the source");
    }

    /// <summary>Returns false when it was told that data is lost.</summary>
    private bool Write(string path, byte[] data)
    {
        int file = Posix.Open(path, Posix.WriteOnly | Posix.Create | Posix.Truncating);
        bool kept = true;
        for (int offset = 0; offset < data.Length; offset += 70_000)
            Posix.WriteAt(file, data.AsSpan(offset, Math.Min(70_000, data.Length - offset)), offset);
        kept &= IsKept(() => Posix.Sync(file));
        kept &= IsKept(() => Posix.Close(file));
        return kept;
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

    private static void Compare(string path, byte[] data, string where)
    {
        byte[] found = File.ReadAllBytes(path);
        if (!found.AsSpan().SequenceEqual(data))
            throw new InvalidDataException($"write: {Path.GetFileName(path)} differs {where}: {found.Length} bytes of {data.Length}, equal up to {found.AsSpan().CommonPrefixLength(data)}");
    }
}
