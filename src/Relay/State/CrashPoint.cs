using System.Diagnostics;

namespace Sluice.Relay.State;

/// <summary>
/// Stands before each write to the state file that an heir goes by. In a build with SLUICE_STEPS a test stops a relay at each in
/// turn, as a kill would, and looks at what the next one makes of it. Every other build has no call of it.
/// </summary>
internal static class CrashPoint
{
#if SLUICE_STEPS
    /// <summary>Called on the thread that is about to write. Where it does not return, the write is never made.</summary>
    public static Action? Reached { get; set; }

    /// <summary>Called by a thread that looks again and again whether another one has come further.</summary>
    public static Action? Waiting { get; set; }
#endif

    [Conditional("SLUICE_STEPS")]
    public static void Pass()
    {
#if SLUICE_STEPS
        Reached?.Invoke();
#endif
    }

    /// <summary>Stands in each loop that ends when another thread has done something: that one may have been stopped.</summary>
    [Conditional("SLUICE_STEPS")]
    public static void Wait()
    {
#if SLUICE_STEPS
        Waiting?.Invoke();
#endif
    }
}
