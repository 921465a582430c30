namespace Sluice.Mounter;

/// <summary>Counts since the mounter started. Written by the session loop; read there too.</summary>
internal sealed class Counters
{
    /// <summary>FUSE mounts made.</summary>
    public long FreshMounts { get; set; }

    /// <summary>Of these, such that took the place of one that had been attached: what was open there has failed.</summary>
    public long LostMounts { get; set; }

    /// <summary>Relays that were given the descriptors of a mount that an earlier one had served.</summary>
    public long ResumedMounts { get; set; }

    /// <summary>Descriptors taken back from relays after a restart.</summary>
    public long Deposits { get; set; }

    public long RefusedDeposits { get; set; }

    /// <summary>Relays turned away because another one was there.</summary>
    public long RefusedRelays { get; set; }

    public long MalformedMessages { get; set; }

    public long KilledQueries { get; set; }

    /// <summary>Calls given up because they hung in the kernel.</summary>
    public long LostCalls { get; set; }

    /// <summary>Mounts without a session that were taken away.</summary>
    public long ReapedMounts { get; set; }
}
