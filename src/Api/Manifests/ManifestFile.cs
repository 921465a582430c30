namespace Sluice.Api.Manifests;

/// <summary>What one file holds: the objects that are right, in order, and everything that is wrong with the rest.</summary>
public sealed record ManifestFile(IReadOnlyList<ManifestObject> Objects, IReadOnlyList<ManifestError> Errors);

/// <summary>What to do with objects of other kinds (a Deployment, say).</summary>
public enum OtherKinds
{
    Refuse,

    /// <summary>Pass over them, unless they claim to be of our API group.</summary>
    Skip,
}

/// <summary>What to do with fields that this version does not know.</summary>
public enum UnknownFields
{
    Refuse,

    /// <summary>Read past them: for objects from an API server whose CRDs may be newer than this program.</summary>
    Skip,
}
