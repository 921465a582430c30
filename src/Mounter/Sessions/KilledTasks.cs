using System.Collections.Concurrent;
using Sluice.Linux;

namespace Sluice.Mounter.Sessions;

/// <summary>
/// Which tasks have a SIGKILL pending: they wait in the kernel for an answer that a relay may let them go without. To look
/// may hang itself, behind a task that hangs (seen with exec on files of a dead mount), so that it is done on threads that
/// may be lost, and a task that one of them hangs at is not looked at again.
/// </summary>
internal sealed class KilledTasks(SessionEnvironment environment)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<uint, bool> _underway = new();

    /// <summary>Those of <paramref name="pids"/> with a SIGKILL pending, as far as it was found out in a second.</summary>
    public async Task<IReadOnlyList<uint>> FindAsync(IReadOnlyList<uint> pids)
    {
        var killed = new ConcurrentQueue<uint>();
        environment.Counters.KilledQueries++;
        try
        {
            _ = await environment.Threads.RunAsync(
                "the look for killed tasks",
                () =>
                {
                    foreach (uint pid in pids)
                        Look(pid, killed);
                    return true;
                },
                Patience);
        }
        catch (TimeoutException e)
        {
            environment.Counters.LostCalls++;
            Log.CallLost(environment.Logger, e.Message);
        }
        return [.. killed];
    }

    private void Look(uint pid, ConcurrentQueue<uint> killed)
    {
        if (!_underway.TryAdd(pid, true))
            return;
        try
        {
            if (PendingSignals.HasKill(pid))
                killed.Enqueue(pid);
        }
        finally
        {
            _ = _underway.TryRemove(pid, out _);
        }
    }
}
