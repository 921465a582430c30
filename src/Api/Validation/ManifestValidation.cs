using FluentValidation.Results;
using Sluice.Api.Manifests;

namespace Sluice.Api.Validation;

/// <summary>The rules of every kind, for whoever has an object and not its type.</summary>
public static class ManifestValidation
{
    private static readonly DatasetValidator Datasets = new();
    private static readonly RuntimeValidator Runtimes = new();
    private static readonly RuntimeProfileValidator Profiles = new();
    private static readonly TenantPolicyValidator Policies = new();
    private static readonly DataLoadValidator Loads = new();

    /// <summary>All that is wrong with one object by itself, at the places where it was written.</summary>
    public static IReadOnlyList<ManifestError> Check(ManifestObject manifest) =>
        [.. Check(manifest.Resource).Select(e => manifest.ErrorAt(e.Path, e.Message))];

    /// <summary>All that is wrong with a Dataset, Runtime, RuntimeProfile, TenantPolicy or DataLoad; other objects are right.</summary>
    public static IReadOnlyList<FieldError> Check(object resource)
    {
        var result = resource switch
        {
            Dataset dataset => Datasets.Validate(dataset),
            Runtime runtime => Runtimes.Validate(runtime),
            RuntimeProfile profile => Profiles.Validate(profile),
            TenantPolicy policy => Policies.Validate(policy),
            DataLoad load => Loads.Validate(load),
            _ => new ValidationResult(),
        };
        return [.. result.Errors.Select(e => new FieldError(resource.GetType().Name, e.PropertyName, e.ErrorMessage))];
    }
}
