using Sluice.Relay.Forwarding;

namespace Sluice.Relay;

/// <summary>How a session is at a moment.</summary>
/// <param name="ClientId">The process number of the client that serves; null while there is none.</param>
/// <param name="ClientRestarts">Clients that were replaced since this relay started.</param>
/// <param name="LastRecovery">From a client's death until requests went to its successor; zero when there was none.</param>
/// <param name="OpenFiles">Handles open at the kernel.</param>
/// <param name="KnownFiles">Inodes that the kernel knows.</param>
/// <param name="InFlight">Requests that wait for an answer.</param>
/// <param name="JournalBytes">Memory that holds acknowledged writes now.</param>
/// <param name="JournalPeakBytes">The most that it was.</param>
/// <param name="Counters">Since this relay started.</param>
/// <param name="LastLines">What the client printed last.</param>
internal sealed record SessionStatus(
    int? ClientId, uint ClientRestarts, TimeSpan LastRecovery, int OpenFiles, int KnownFiles, int InFlight, long JournalBytes, long JournalPeakBytes, Counters Counters, string LastLines);
