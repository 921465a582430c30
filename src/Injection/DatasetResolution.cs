using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// Which profile and runtime serve a Dataset, its source taken apart, its options merged; or the one sentence that says
/// why nobody can mount it.
/// </summary>
internal sealed class DatasetResolution
{
    public CatalogProfile? Profile { get; init; }
    public Runtime? Runtime { get; init; }
    public SourceUri? Source { get; init; }
    public IReadOnlyDictionary<string, string?> Options { get; init; } = NoOptions;

    /// <summary>Hosts that data comes from: options that name one, else the URI's own.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];
    public string? Problem { get; init; }

    /// <summary>The object whose absence is the <see cref="Problem"/>, if that is what it is.</summary>
    public CatalogMiss? Miss { get; init; }

    private static readonly Dictionary<string, string?> NoOptions = [];

    public static DatasetResolution Of(CatalogDataset dataset, Catalog catalog)
    {
        var spec = dataset.Resource.Spec;
        Runtime? runtime = null;
        CatalogProfile? profile = null;
        if (!SourceUri.TryParse(spec.Source.Uri, out var source, out var error))
            return Failed($"dataset \"{dataset.FullName}\" has a spec.source.uri that cannot be used: {error}");
        (runtime, profile) = Find(dataset, source, catalog);
        if (spec.Runtime is { } runtimeName && runtime is null)
            return Failed($"dataset \"{dataset.FullName}\" names Runtime \"{runtimeName}\", which does not exist in namespace \"{dataset.Name.Namespace}\": create it, or name another in spec.runtime", new CatalogMiss(nameof(Runtime), dataset.Name.Namespace, runtimeName));
        if (profile is null && runtime is not null)
            return Failed($"Runtime \"{dataset.Name.Namespace}/{spec.Runtime}\" of dataset \"{dataset.FullName}\" names RuntimeProfile \"{runtime.Spec.Profile}\", which does not exist: create it, or name another in spec.profile", new CatalogMiss(nameof(RuntimeProfile), null, runtime.Spec.Profile));
        if (profile is null && spec.Profile is { } profileName)
            return Failed($"dataset \"{dataset.FullName}\" names RuntimeProfile \"{profileName}\", which does not exist: create it, or name another in spec.profile", new CatalogMiss(nameof(RuntimeProfile), null, profileName));
        if (profile is null)
            return Failed($"no RuntimeProfile serves the scheme \"{source.Scheme}\" of dataset \"{dataset.FullName}\": name one in spec.profile, or install one that lists the scheme");
        if (profile.Problem is { } problem)
            return Failed($"RuntimeProfile \"{profile.Name}\" of dataset \"{dataset.FullName}\" cannot be used: {problem}");
        if (!profile.Options.TryMerge(runtime?.Spec, spec, out var options, out var errors))
            return Failed($"dataset \"{dataset.FullName}\" has a value that RuntimeProfile \"{profile.Name}\" refuses: {errors[0].Path}: {errors[0].Message}");
        return new DatasetResolution
        {
            Profile = profile,
            Runtime = runtime,
            Source = source,
            Options = options,
            Endpoints = EndpointsOf(profile, source, options),
        };

        DatasetResolution Failed(string message, CatalogMiss? miss = null) => new() { Source = source, Runtime = runtime, Profile = profile, Problem = message, Miss = miss };
    }

    /// <summary>Whether <paramref name="catalog"/> still gives the dataset what this was made of. All else of it is the dataset's own.</summary>
    public bool Holds(CatalogDataset dataset, Catalog catalog)
    {
        if (Source is null)
            return true;
        var (runtime, profile) = Find(dataset, Source, catalog);
        return ReferenceEquals(runtime, Runtime) && ReferenceEquals(profile, Profile);
    }

    /// <summary>Each null when the catalog does not have it; the Runtime also when the dataset names none.</summary>
    private static (Runtime? Runtime, CatalogProfile? Profile) Find(CatalogDataset dataset, SourceUri source, Catalog catalog)
    {
        var spec = dataset.Resource.Spec;
        if (spec.Runtime is { } name)
        {
            var runtime = catalog.FindRuntime(new ObjectName(dataset.Name.Namespace, name));
            return (runtime, runtime is null ? null : catalog.FindProfile(runtime.Spec.Profile));
        }
        return (null, spec.Profile is { } profile ? catalog.FindProfile(profile) : catalog.FindProfileForScheme(source.Scheme));
    }

    private static List<string> EndpointsOf(CatalogProfile profile, SourceUri source, IReadOnlyDictionary<string, string?> options)
    {
        var endpoints = new List<string>();
        foreach (var (name, option) in profile.Resource.Spec.Options)
        {
            if (option.Endpoint && options.TryGetValue(name, out var value) && value is not null)
                endpoints.Add(HostOf(value));
        }
        if (endpoints.Count == 0)
            endpoints.Add(source.Host);
        return endpoints;
    }

    /// <summary><c>host[:port]</c> of a URL, or of a text that is only that.</summary>
    private static string HostOf(string value)
    {
        var scheme = value.IndexOf("://", StringComparison.Ordinal);
        var rest = scheme < 0 ? value : value[(scheme + 3)..];
        var end = rest.IndexOfAny(['/', '?', '#']);
        rest = end < 0 ? rest : rest[..end];
        return rest[(rest.LastIndexOf('@') + 1)..];
    }
}
