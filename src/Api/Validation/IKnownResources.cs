namespace Sluice.Api.Validation;

/// <summary>The objects that others name: those of files that were read, or those of a live catalog.</summary>
public interface IKnownResources
{
    bool HasDataset(string ns, string name);

    Runtime? FindRuntime(string ns, string name);

    KnownProfile? FindProfile(string name);

    /// <summary>The profile that serves a scheme where a Dataset names none: of several the first by name.</summary>
    KnownProfile? FindProfileForScheme(string scheme);
}

/// <summary>A profile with its options compiled.</summary>
public sealed record KnownProfile(RuntimeProfile Resource, CompiledOptions Options);
