using System.Text.Json;
using Sluice.Injection;

namespace Sluice.Cli;

/// <summary>What was decided about one pod, by the core here or by a webhook that was asked.</summary>
internal sealed record PodOutcome(PodTarget Target)
{
    /// <summary>Why the pod is refused; null when it is admitted.</summary>
    public string? Denial { get; init; }
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>RFC 6902, for <see cref="PodTarget.Manifest"/>; null when nothing changes.</summary>
    public JsonElement? Patch { get; init; }

    /// <summary>Null when a webhook decided: it tells less.</summary>
    public Decision? Decision { get; init; }

    /// <summary>Whether the manifest stays as it is, though it was admitted.</summary>
    public bool IsUnchanged => Denial is null && (Patch is null || Patch.Value.GetArrayLength() == 0);
}
