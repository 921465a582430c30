using System.Globalization;

namespace Sluice.Relay.Client;

/// <summary>
/// Replaces a client that grows towards the container's memory limit: the kernel would kill the whole container, relay
/// included, and not before some application had waited for its reclaim. What counts is memory that cannot be reclaimed:
/// memory.current less the page cache (cgroup v2, memory.stat).
/// </summary>
/// <param name="directory">The container's cgroup as it sees it: /sys/fs/cgroup.</param>
internal sealed class MemoryGuard(string directory)
{
    private const double Limit = 0.9; // of memory.max; arbitrary: leaves room for what is allocated until the client is gone
    private const double ClientShare = 0.3; // of memory.max: replacing a client that holds less would not help
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10); // between two replacements: a new client has to be given a chance

    private readonly string _current = Path.Combine(directory, "memory.current");
    private readonly string _statistics = Path.Combine(directory, "memory.stat");
    private readonly string _max = Path.Combine(directory, "memory.max");
    private long _lastMilliseconds = -(long)Pause.TotalMilliseconds;

    /// <summary>How often a client was replaced.</summary>
    public long Replacements { get; private set; }

    /// <summary>Whether the client should be replaced now.</summary>
    /// <param name="client">Its process number.</param>
    /// <param name="used">Bytes that cannot be reclaimed.</param>
    /// <param name="limit">Bytes of memory.max.</param>
    public bool IsNearLimit(int client, out long used, out long limit)
    {
        used = 0;
        if (!TryNumber(_max, out limit) || !TryNumber(_current, out used) || used < limit * Limit)
            return false; // "max": no limit; no such file: no cgroup v2
        used -= PageCache();
        long now = Environment.TickCount64;
        if (used < limit * Limit || now - _lastMilliseconds < Pause.TotalMilliseconds || Resident(client) < limit * ClientShare)
            return false;
        _lastMilliseconds = now;
        Replacements++;
        return true;
    }

    private long PageCache()
    {
        long cache = 0;
        foreach (string line in File.ReadLines(_statistics))
        {
            if ((line.StartsWith("inactive_file ", StringComparison.Ordinal) || line.StartsWith("active_file ", StringComparison.Ordinal))
                && long.TryParse(line.AsSpan(line.IndexOf(' ', StringComparison.Ordinal) + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long bytes))
                cache += bytes;
        }
        return cache;
    }

    /// <summary>Second field of /proc/PID/statm, in pages.</summary>
    private static long Resident(int pid)
    {
        try
        {
            string[] fields = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/statm")).Split(' ');
            return long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static bool TryNumber(string path, out long number)
    {
        number = 0;
        try
        {
            return long.TryParse(File.ReadAllText(path).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
