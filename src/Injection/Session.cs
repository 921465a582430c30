using Sluice.Api;

namespace Sluice.Injection;

/// <summary>One dataset of one pod: what was asked, what is granted, and what the injection writes for it.</summary>
internal sealed class Session(CatalogDataset dataset, SessionNames names)
{
    public CatalogDataset Dataset { get; } = dataset;
    public SessionNames Names { get; } = names;

    /// <summary>In words, how the pod asked (for messages that name both sides of a contradiction).</summary>
    public required string AskedBy { get; set; }

    /// <summary>Where containers get it by label, annotation or namespace; null when only the user's own mounts count.</summary>
    public string? MountPath { get; set; }

    /// <summary>The path was written, not implied by the Dataset: another written one contradicts it.</summary>
    public string? PathAskedBy { get; set; }

    public AccessAsk Ask { get; set; }
    public string? AccessAskedBy { get; set; }
    public Access Access { get; set; }

    /// <summary>The user's own volume (explicit or claim), by index in <c>spec.volumes</c>; null when the data volume is ours.</summary>
    public int? UserVolume { get; set; }
    public string? UserVolumeName { get; set; }
    public bool ByClaim { get; set; }

    /// <summary>Came from the namespace alone: what cannot work is skipped, not refused.</summary>
    public bool NamespaceWide { get; set; }

    public string DataVolume => UserVolumeName ?? Names.Base;

    /// <summary>The sidecar is in the pod already: a re-invocation, or a copy of an injected pod.</summary>
    public int? SidecarIndex { get; set; }

    public CatalogProfile Profile { get; set; } = null!; // set by Profiles.Resolve before anybody reads it
    public DatasetResolution Resolution { get; set; } = null!; // likewise
    public SidecarResources Resources { get; set; } = null!; // set by Resources.Settle
    public CredentialSource Credentials { get; set; }
    public bool Token { get; set; }
    public string? ServiceAccount { get; set; }

    /// <summary>Indexes of the containers that get the data, of <c>initContainers</c> and <c>containers</c>; null until chosen.</summary>
    public List<int> InitRecipients { get; } = new(0);
    public List<int> Recipients { get; } = new(2);
}

/// <summary>What a pod asked about access. Label, annotation and namespace mean read-only unless they say rw.</summary>
internal enum AccessAsk
{
    /// <summary>Nothing written: read-only.</summary>
    Unsaid,
    ReadOnly,
    ReadWrite,

    /// <summary>A volume or claim not marked read-only: writable where that is granted, else read-only.</summary>
    AsGranted,
}

/// <summary>How the Dataset's Secret reaches the sidecar.</summary>
internal enum CredentialSource
{
    None,

    /// <summary>References to the Secret in the pod's own namespace.</summary>
    Secret,

    /// <summary>kubelet hands the Secret to the mounter, the mounter to the relay; the pod never names it.</summary>
    Session,
}
