using Sluice.Linux;

namespace Sluice.Relay.Recovery;

/// <summary>
/// What a client's death tells against the requests that it had. A request that crashes every client would end the session; but
/// one that was only there when clients were killed did nothing, and no read may fail for that.
/// </summary>
internal static class Suspicion
{
    /// <summary>A fault, an abort, an exit: the client's own doing, perhaps over this request.</summary>
    public const uint Died = 10;
    /// <summary>A kill from outside. It may be the kernel's, for memory that the request took, so it counts a little. The relay's own death as well.</summary>
    public const uint Killed = 3;
    /// <summary>From here on such requests go to the client one at a time: the next death tells which of them it was.</summary>
    public const uint Alone = 2 * Died;
    /// <summary>Three deaths, or ten kills: it is answered EIO.</summary>
    public const uint Limit = 3 * Died;

    private const int SIGHUP = 1;
    private const int ByShell = 128; // a shell around the client exits with it and the signal's number; so does ChildExit say a signal

    public static uint Of(ChildExit exit) =>
        exit.Status is ByShell + ChildProcess.SIGKILL or ByShell + ChildProcess.SIGTERM or ByShell + ChildProcess.SIGINT or ByShell + SIGHUP ? Killed : Died;
}
