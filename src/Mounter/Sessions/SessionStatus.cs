using Sluice.Session;

namespace Sluice.Mounter.Sessions;

/// <summary>What <c>sluice-mounter status</c> says of a session.</summary>
/// <param name="Id">The session's id.</param>
/// <param name="Target">Where the data appears.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Connection">The current mount's number in fusectl.</param>
/// <param name="RelayPid">The relay that is connected.</param>
/// <param name="LostMounts">Mounts that another one had to take the place of since this mounter started.</param>
/// <param name="LostWrites">What the last relay could not flush, when it said so.</param>
/// <param name="Stats">What the relay counted last.</param>
internal sealed record SessionStatus(
    string Id, string Target, SessionState State, uint? Connection, int? RelayPid, int LostMounts, string? LostWrites, Stats? Stats);
