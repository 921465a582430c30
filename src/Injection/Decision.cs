namespace Sluice.Injection;

public enum DecisionKind
{
    /// <summary>The pod is admitted as it is: it asks for nothing, or it has all it asks for.</summary>
    Unchanged,

    /// <summary>The pod is admitted with the RFC 6902 document that the caller's buffer now holds.</summary>
    Patch,

    /// <summary>The pod is refused.</summary>
    Deny,
}

/// <summary>Why a decision fell as it did: the label of metrics and logs, stable once published.</summary>
public enum DecisionReason
{
    Injected,
    AlreadyInjected,
    NotAsked,
    OptedOut,
    NotApplicable,
    BadRequest,
    Conflict,
    DatasetNotFound,
    NotShared,
    AccessMode,
    Policy,
    ReservedName,
    Unsupported,
    Profile,
    Credentials,
    Internal,
}

/// <summary>What the webhook answers for one pod. A denial's message is one sentence that names the object and the remedy.</summary>
public sealed record Decision(DecisionKind Kind, DecisionReason Reason)
{
    /// <summary>HTTP-like status of a denial: 400 bad ask, 403 not allowed, 404 no such Dataset, 422 cannot work, 500 ours; 0 otherwise.</summary>
    public int Code { get; init; }

    /// <summary>The denial in one sentence; null when the pod is admitted.</summary>
    public string? Message { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Datasets asked for, <c>namespace/name</c>, in the order of injection; also an audit annotation and a log field.</summary>
    public IReadOnlyList<string> Datasets { get; init; } = [];

    /// <summary>The TenantPolicies that refused, warned or noted something; also an audit annotation.</summary>
    public IReadOnlyList<string> Policies { get; init; } = [];

    /// <summary>The object that was not in the catalog and that the pod is refused for: whoever finds it elsewhere decides again with it.</summary>
    public CatalogMiss? Miss { get; init; }
}

/// <summary>What was looked for in a catalog in vain.</summary>
/// <param name="Kind"><c>Dataset</c>, <c>Runtime</c>, <c>RuntimeProfile</c> or <c>Namespace</c>.</param>
/// <param name="Namespace">Null for kinds without namespaces.</param>
/// <param name="Name">Its name.</param>
public readonly record struct CatalogMiss(string Kind, string? Namespace, string Name);
