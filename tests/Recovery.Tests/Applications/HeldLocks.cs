using Sluice.Linux;

namespace Sluice.Recovery.Tests.Applications;

/// <summary>Holds a flock and a range lock all the time, and looks whether somebody else could get them.</summary>
internal sealed class HeldLocks : IApplication
{
    private readonly string _path;
    private readonly int _holder;

    public HeldLocks(string mount)
    {
        _path = Path.Combine(Data.Written(mount), "lock");
        _holder = Posix.Open(_path, Posix.ReadWrite | Posix.Create);
        Posix.Lock(_holder, exclusive: true);
        Posix.LockRange(_holder, 10, 10);
    }

    public void Round(int round)
    {
        int other = Posix.Open(_path, Posix.ReadWrite);
        int whole = Posix.ErrorOf(() => Posix.Lock(other, exclusive: false));
        int range = Posix.ErrorOf(() => Posix.LockRange(other, 15, 1));
        int beside = Posix.ErrorOf(() => Posix.LockRange(other, 100, 1));
        Posix.Close(other);
        if ((whole, range, beside) != (Errno.EAGAIN, Errno.EAGAIN, 0))
            throw new InvalidDataException($"lock: flock gave {whole}, the range {range}, another range {beside}");
        Thread.Sleep(5);
    }

    public void Finish() => Posix.Close(_holder);
}
