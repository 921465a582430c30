namespace Sluice.Mounter;

/// <summary>
/// Every message of the mounter. Field names are an interface: dashboards and queries use them. What a relay says comes
/// from a pod: its texts are bounded by the protocol, and how often it can cause a line by who logs it.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "Serving {sessions} sessions of {root}, version {version}")]
    public static partial void Serving(ILogger logger, int sessions, string root, string version);

    [LoggerMessage(101, LogLevel.Information, "Stopped: mounts stay, relays deposit their descriptors with the next mounter")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(102, LogLevel.Error, "A step failed, and was given up")]
    public static partial void StepFailed(ILogger logger, Exception exception);

    [LoggerMessage(103, LogLevel.Warning, "A call hangs in the kernel and was given up: {call}")]
    public static partial void CallLost(ILogger logger, string call);

    [LoggerMessage(104, LogLevel.Error, "Mount of connection {connection} ended: a pod sent a file of it whose close nobody answers")]
    public static partial void MountHeldUp(ILogger logger, uint connection);

    [LoggerMessage(200, LogLevel.Information, "Session {session} prepared at {target}")]
    public static partial void Prepared(ILogger logger, string session, string target);

    [LoggerMessage(201, LogLevel.Information, "Session {session} at {target} taken over, mount attached: {attached}")]
    public static partial void Adopted(ILogger logger, string session, string target, bool attached);

    [LoggerMessage(202, LogLevel.Error, "Session {session} not taken over, and left alone: {message}")]
    public static partial void NotAdopted(ILogger logger, string session, string message);

    [LoggerMessage(203, LogLevel.Warning, "Session {session} forgotten: its target's directory is gone")]
    public static partial void Forgotten(ILogger logger, string session);

    [LoggerMessage(204, LogLevel.Information, "Session {session} has a mount for its relay, connection {connection}: {reason}")]
    public static partial void Mounted(ILogger logger, string session, string reason, uint connection);

    [LoggerMessage(205, LogLevel.Warning, "Session {session} lost its mount at {target}, what was open there fails; a fresh one goes on top, connection {connection}: {reason}")]
    public static partial void MountLost(ILogger logger, string session, string target, string reason, uint connection);

    [LoggerMessage(206, LogLevel.Information, "Session {session} appears at {target}, connection {connection}")]
    public static partial void Attached(ILogger logger, string session, string target, uint connection);

    [LoggerMessage(207, LogLevel.Error, "Session {session} has no mount for its relay: {message}")]
    public static partial void NotMounted(ILogger logger, string session, string message);

    [LoggerMessage(208, LogLevel.Information, "Session {session} closed: {reason}")]
    public static partial void Closed(ILogger logger, string session, string reason);

    [LoggerMessage(209, LogLevel.Warning, "Session {session} could not be ended through fusectl, calls on it may wait as long as its relay runs: {message}")]
    public static partial void NotAborted(ILogger logger, string session, string message);

    [LoggerMessage(210, LogLevel.Error, "Session {session}: its record was not written: {message}")]
    public static partial void NotSaved(ILogger logger, string session, string message);

    [LoggerMessage(211, LogLevel.Information, "Session {session} removed from {target}")]
    public static partial void Removed(ILogger logger, string session, string target);

    [LoggerMessage(212, LogLevel.Information, "Session {session}: the kernel's read-ahead stays as it is, /sys/class/bdi cannot be written (errno {errno})")]
    public static partial void ReadAheadNotRaised(ILogger logger, string session, int errno);

    [LoggerMessage(300, LogLevel.Information, "Session {session}: relay connected, process {pid}, user {uid}, version {relayVersion}, knows its state: {knowsState}, epoch {epoch}")]
    public static partial void RelayConnected(ILogger logger, string session, int pid, int uid, string relayVersion, bool knowsState, uint epoch);

    [LoggerMessage(301, LogLevel.Information, "Session {session}: relay given the mount again, connection {connection}")]
    public static partial void Resumed(ILogger logger, string session, uint connection);

    [LoggerMessage(302, LogLevel.Warning, "Session {session}: relay disconnected, process {pid}")]
    public static partial void RelayEnded(ILogger logger, string session, int pid);

    [LoggerMessage(303, LogLevel.Warning, "Session {session}: relay refused, process {pid}: {reason}")]
    public static partial void RelayRefused(ILogger logger, string session, int pid, string reason);

    [LoggerMessage(304, LogLevel.Information, "Session {session}: relay is closing")]
    public static partial void RelayClosing(ILogger logger, string session);

    [LoggerMessage(305, LogLevel.Warning, "Session {session}: relay reports error {errno}: {message}")]
    public static partial void RelayError(ILogger logger, string session, int errno, string message);

    [LoggerMessage(306, LogLevel.Warning, "Session {session}: {request} failed: {message}")]
    public static partial void RelayRequestFailed(ILogger logger, string session, string request, string message);

    [LoggerMessage(307, LogLevel.Warning, "Session {session}: relay does not read its answers and was disconnected, process {pid}")]
    public static partial void RelayDoesNotRead(ILogger logger, string session, int pid);

    [LoggerMessage(308, LogLevel.Warning, "Session {session}: process {pid} connected and said no Hello")]
    public static partial void NoHello(ILogger logger, string session, int pid);

    [LoggerMessage(309, LogLevel.Warning, "Session {session}: malformed message of process {pid}: {message}")]
    public static partial void MalformedMessage(ILogger logger, string session, int pid, string message);

    [LoggerMessage(310, LogLevel.Warning, "Session {session}: process {pid} sent {count} descriptors unasked and was disconnected")]
    public static partial void UnaskedDescriptors(ILogger logger, string session, int pid, int count);

    [LoggerMessage(311, LogLevel.Warning, "Session {session}: no client: {reason}")]
    public static partial void ClientAbsent(ILogger logger, string session, string reason);

    [LoggerMessage(312, LogLevel.Error, "Session {session}: acknowledged writes were lost: {lostWrites}")]
    public static partial void WritesLost(ILogger logger, string session, string lostWrites);

    [LoggerMessage(313, LogLevel.Information, "Session {session}: descriptor deposited, connection {connection}")]
    public static partial void Deposited(ILogger logger, string session, ulong connection);

    [LoggerMessage(314, LogLevel.Warning, "Session {session}: deposit refused: {reason}")]
    public static partial void DepositRefused(ILogger logger, string session, string reason);

    [LoggerMessage(400, LogLevel.Warning, "Mounts at {target} had no session any more and were taken away: {sessions}")]
    public static partial void Reaped(ILogger logger, string target, string sessions);

    [LoggerMessage(401, LogLevel.Error, "Mounts at {target} have no session and could not be taken away: {message}")]
    public static partial void NotReaped(ILogger logger, string target, string message);
}
