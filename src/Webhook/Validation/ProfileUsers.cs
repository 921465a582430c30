using Sluice.Api;
using Sluice.Injection;

namespace Sluice.Webhook.Validation;

/// <summary>Who would have no client without a profile.</summary>
internal static class ProfileUsers
{
    /// <summary>
    /// Runtimes and Datasets that name the profile, and Datasets that name none and have it by their scheme while no other
    /// profile serves that; by name.
    /// </summary>
    public static List<string> Of(string profile, Catalog catalog)
    {
        var users = new List<string>();
        foreach (var runtime in catalog.Runtimes)
        {
            if (runtime.Spec.Profile == profile)
                users.Add($"Runtime {ObjectName.Of(runtime.Metadata)}");
        }
        foreach (var dataset in catalog.Datasets)
        {
            var spec = dataset.Resource.Spec;
            if (spec.Profile == profile || (spec.Profile is null && spec.Runtime is null && HasByScheme(spec, profile, catalog)))
                users.Add($"Dataset {dataset.FullName}");
        }
        users.Sort(StringComparer.Ordinal);
        return users;
    }

    private static bool HasByScheme(DatasetSpec spec, string profile, Catalog catalog) =>
        SourceUri.TryParse(spec.Source.Uri, out var uri, out _)
        && catalog.FindProfileForScheme(uri.Scheme) is { } serving && serving.Name == profile
        && !catalog.Profiles.Any(other => other.Name != profile && other.Resource.Spec.Schemes.Contains(uri.Scheme));
}
