using Sluice.Linux;

namespace Sluice.Relay.Mounting;

/// <summary>A mount and the device that it is served through.</summary>
/// <param name="Device">/dev/fuse of the mount; the taker's.</param>
/// <param name="Resumed">It was served before: its INIT is in the state file. False: it is fresh.</param>
/// <param name="MountId">The connection's number in fusectl.</param>
internal sealed record KeptMount(FileDescriptor Device, bool Resumed, ulong MountId);

/// <summary>
/// Who mounts and keeps the descriptors: the node's mounter (<see cref="MounterConnection"/>), or this process itself
/// (<see cref="OwnMount"/>).
/// </summary>
internal interface IMountKeeper : IDisposable
{
    /// <summary>The session's mount, waiting for the keeper where it is not there yet.</summary>
    /// <param name="knowsState">The caller can go on with the mount that was served last; else it gets a fresh one.</param>
    /// <param name="epoch">How many clients there were, for the log.</param>
    /// <exception cref="IOException">There is none to be had; the message says why.</exception>
    KeptMount Obtain(bool knowsState, uint epoch);

    /// <summary>A socket pair for the next client: the relay's end and the client's. Both are the taker's.</summary>
    (FileDescriptor Relay, FileDescriptor Client) NextPair();

    /// <summary>A client answers: a mount that nobody saw yet is now put in its place.</summary>
    void Serving(uint epoch);

    /// <summary>There is no client.</summary>
    void Absent(string reason);

    /// <summary>Those of the tasks that have a SIGKILL pending; empty where nobody can tell.</summary>
    IReadOnlyList<uint> Killed(IReadOnlyList<uint> pids);

    /// <summary>How the session is, every few seconds.</summary>
    void Report(SessionStatus status);

    /// <summary>SIGTERM was seen: the client writes out what it holds.</summary>
    void Closing();

    /// <summary>The session is over: from now on every call on the mount fails at once.</summary>
    /// <param name="lost">What could not be written, or empty.</param>
    void Goodbye(string lost);
}
