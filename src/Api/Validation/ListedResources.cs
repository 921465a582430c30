namespace Sluice.Api.Validation;

/// <summary>Objects in lists, such as files hold them. Of two objects with one name the last counts.</summary>
internal sealed class ListedResources : IKnownResources
{
    private readonly Dictionary<(string Namespace, string Name), Runtime> _runtimes = [];
    private readonly HashSet<(string Namespace, string Name)> _datasets = [];
    private readonly SortedDictionary<string, KnownProfile> _profiles = new(StringComparer.Ordinal);

    public ListedResources(IEnumerable<Dataset> datasets, IEnumerable<Runtime> runtimes, IEnumerable<RuntimeProfile> profiles)
    {
        foreach (var dataset in datasets)
            _datasets.Add((dataset.Metadata.Namespace ?? "default", dataset.Metadata.Name));
        foreach (var runtime in runtimes)
            _runtimes[(runtime.Metadata.Namespace ?? "default", runtime.Metadata.Name)] = runtime;
        foreach (var profile in profiles)
            _profiles[profile.Metadata.Name] = new KnownProfile(profile, new CompiledOptions(profile.Spec));
    }

    public bool HasDataset(string ns, string name) => _datasets.Contains((ns, name));

    public Runtime? FindRuntime(string ns, string name) => _runtimes.GetValueOrDefault((ns, name));

    public KnownProfile? FindProfile(string name) => _profiles.GetValueOrDefault(name);

    public KnownProfile? FindProfileForScheme(string scheme) => _profiles.Values.FirstOrDefault(profile => profile.Resource.Spec.Schemes.Contains(scheme));
}
