using System.Globalization;

namespace Sluice.RelaySteps.Tests;

/// <summary>
/// Tells when the threads of a killed relay have all come to rest: at a crash point, behind a lock, in a call that nobody ends.
/// Until then one of them may still be on the way to its crash point and change what another process would not have seen changed.
/// </summary>
internal static class ThreadsAtRest
{
    /// <summary>The relay's own names of its threads.</summary>
    private static readonly string[] Names = ["session", "reader", "inline", "replies", "pending", "own sync", "watch", "introduction", "notifications", "client start"];

    /// <summary>Waits. The caller keeps away whatever would wake one of them.</summary>
    public static void Wait()
    {
        Dictionary<string, string> before = [];
        long end = Environment.TickCount64 + 20_000;
        while (Environment.TickCount64 < end)
        {
            var now = Look(out bool resting);
            if (resting && now.Count == before.Count && now.All(thread => before.GetValueOrDefault(thread.Key) == thread.Value))
                return;
            before = now;
            Thread.Sleep(1);
        }
        throw new TimeoutException("the threads of a killed relay do not come to rest");
    }

    /// <summary>How often each thread has slept and been woken. The one that looks after what waits sleeps on a clock, and comes to its crash point before it changes anything.</summary>
    private static Dictionary<string, string> Look(out bool resting)
    {
        resting = true;
        var switches = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            string[] lines;
            try
            {
                string relay = File.ReadAllText(Path.Combine(task, "comm"));
                if (!Names.Any(known => relay.StartsWith(known, StringComparison.Ordinal)))
                    continue;
                lines = File.ReadAllLines(Path.Combine(task, "status"));
            }
            catch (IOException)
            {
                continue; // it has ended
            }
            resting &= Field(lines, "State:").StartsWith('S');
            if (!Field(lines, "Name:").StartsWith("watch", StringComparison.Ordinal))
                switches[task] = Field(lines, "voluntary_ctxt_switches:") + Field(lines, "nonvoluntary_ctxt_switches:");
        }
        return switches;
    }

    private static string Field(string[] lines, string name) => Array.Find(lines, line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Trim() ?? "";
}
