using System.Globalization;
using Sluice.Linux;

namespace Sluice.Relay.Client;

/// <summary>
/// Replaces a client that grows towards the container's memory limit: the kernel would kill the whole container, relay
/// included, and not before some application had waited for its reclaim. What counts is memory that cannot be reclaimed:
/// what the group uses, less its page cache.
/// </summary>
/// <param name="group">The container's; null where it cannot be seen, and nothing is guarded.</param>
internal sealed class MemoryGuard(ControlGroup? group)
{
    private const double Limit = 0.9; // of the group's limit; arbitrary: leaves room for what is allocated until the client is gone
    private const double ClientShare = 0.3; // of the group's limit: replacing a client that holds less would not help
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1); // between two replacements: a client that fills the container faster is beyond help

    private long _lastMilliseconds = -(long)Pause.TotalMilliseconds;

    /// <summary>The group of this process that counts memory.</summary>
    public static ControlGroup? FindGroup() => ControlGroup.Find("memory", "memory.max");

    /// <summary>Whether the client should be replaced now.</summary>
    /// <param name="client">Its process number.</param>
    /// <param name="used">Bytes that cannot be reclaimed.</param>
    /// <param name="limit">Bytes that the group may use.</param>
    public bool IsNearLimit(int client, out long used, out long limit)
    {
        used = 0;
        limit = 0;
        if (group is null
            || !TryNumber(group.Read(group.IsUnified ? "memory.max" : "memory.limit_in_bytes"), out limit) // "max": there is none
            || !TryNumber(group.Read(group.IsUnified ? "memory.current" : "memory.usage_in_bytes"), out used)
            || used < limit * Limit)
            return false;
        used -= PageCache(group);
        long now = Environment.TickCount64;
        if (used < limit * Limit || now - _lastMilliseconds < Pause.TotalMilliseconds || Resident(client) < limit * ClientShare)
            return false;
        _lastMilliseconds = now;
        return true;
    }

    private static long PageCache(ControlGroup group)
    {
        string prefix = group.IsUnified ? "" : "total_";
        long cache = 0;
        foreach (string line in group.Read("memory.stat").Split('\n'))
        {
            if ((line.StartsWith(prefix + "inactive_file ", StringComparison.Ordinal) || line.StartsWith(prefix + "active_file ", StringComparison.Ordinal))
                && TryNumber(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..], out long bytes))
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

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
