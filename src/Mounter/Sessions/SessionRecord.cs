namespace Sluice.Mounter.Sessions;

/// <summary>What of a session outlives the mounter: session.json in its directory on the node.</summary>
/// <param name="Format">1.</param>
/// <param name="Request">What was asked for, its target without symbolic links.</param>
/// <param name="MadeTarget">The target's directory was made for the session and goes with it.</param>
/// <param name="Connection">
/// The number of the session's current mount, attached or not; null before the first one and after the session was closed.
/// Whether it is attached, the kernel's mount table says.
/// </param>
internal sealed record SessionRecord(int Format, SessionRequest Request, bool MadeTarget, uint? Connection)
{
    public const int CurrentFormat = 1;
}
