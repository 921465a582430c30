using System.Globalization;

namespace Sluice.Linux;

/// <summary>What /proc/PID/status says of signals. Reading it can hang behind a task that is stuck in exec: use a thread that may be lost.</summary>
public static class PendingSignals
{
    /// <summary>Whether SIGKILL is pending for a task or its process. False where there is no such task.</summary>
    public static bool HasKill(uint pid)
    {
        try
        {
            return HasKill(File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it has ended, or is none of ours
        }
    }

    /// <summary>Whether the lines of a task's status tell of a SIGKILL, its own or its process's.</summary>
    public static bool HasKill(IEnumerable<string> status)
    {
        foreach (string line in status)
        {
            bool pending = line.StartsWith("SigPnd:", StringComparison.Ordinal) || line.StartsWith("ShdPnd:", StringComparison.Ordinal);
            if (pending && ulong.TryParse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong mask) && (mask & SigKill) != 0)
                return true;
        }
        return false;
    }

    private const ulong SigKill = 1UL << (ChildProcess.SIGKILL - 1);
}
