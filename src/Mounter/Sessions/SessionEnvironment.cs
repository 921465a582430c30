using Sluice.Linux;

namespace Sluice.Mounter.Sessions;

/// <summary>What every session of a mounter works with.</summary>
internal sealed record SessionEnvironment(
    SessionLoop Loop, HostDirectories Directories, LosableThreads Threads, FuseConnections Connections, Counters Counters, MounterOptions Options, ILogger Logger)
{
    public KilledTasks KilledTasks => field ??= new(this);

    /// <summary>Of the table that these sessions are in; null outside of one.</summary>
    public StartGate? StartGate { get; set; }

    public ForeignDescriptors ForeignDescriptors => field ??= new(this);
}
