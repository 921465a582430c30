namespace Sluice.Mounter.Sessions;

/// <summary>Where a session stands, for people and for tests.</summary>
internal enum SessionState
{
    /// <summary>An empty directory at the target; no relay was here yet.</summary>
    Prepared,

    /// <summary>After a restart: a relay is here, its descriptor not yet.</summary>
    AwaitingDeposit,

    /// <summary>A relay has a mount that is not at the target yet.</summary>
    Starting,

    /// <summary>A relay answers for the mount at the target.</summary>
    Serving,

    /// <summary>The mount is at the target; its relay has no client.</summary>
    Absent,

    /// <summary>The mount is at the target and has no relay: calls wait for the next one.</summary>
    Waiting,

    /// <summary>Calls on the mount fail with ENOTCONN. A relay that connects gets a fresh one.</summary>
    Closed,
}
