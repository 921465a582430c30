namespace Sluice.Webhook.Validation;

/// <summary>Why a verdict fell as it did: the label of metrics and logs, stable once published.</summary>
internal enum VerdictReason
{
    Valid,
    Invalid,

    /// <summary>Others name it.</summary>
    InUse,

    /// <summary>No object of ours, or an operation that cannot make one wrong.</summary>
    NotApplicable,
    BadRequest,
    Internal,
}

/// <summary>What the webhook answers for one object of our own kinds.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Code">HTTP-like status of a denial: 400, 409, 422, 500; 0: it is admitted.</param>
/// <param name="Message">The denial: the object, its fields and the remedy; null when it is admitted.</param>
internal sealed record Verdict(VerdictReason Reason, int Code, string? Message)
{
    public bool Allowed => Code == 0;

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public static Verdict Admit(VerdictReason reason, IReadOnlyList<string> warnings) => new(reason, 0, null) { Warnings = warnings };
}
