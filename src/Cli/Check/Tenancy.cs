using Sluice.Api;
using Sluice.Injection;

namespace Sluice.Cli.Check;

/// <summary>Who may mount what, as the webhook's own core decides it about pods that are made up for the question.</summary>
internal sealed class Tenancy
{
    private readonly Catalog _catalog;
    private readonly Dictionary<string, Namespace> _namespaces;
    private readonly ILookup<string?, Dataset> _own; // by namespace
    private readonly List<Dataset> _shared;

    public Tenancy(IReadOnlyCollection<object> resources, IEnumerable<Namespace> namespaces)
    {
        Namespaces = [.. namespaces.Where(ns => !Installed.ExcludedNamespaces.Contains(ns.Metadata.Name, StringComparer.Ordinal)).OrderBy(ns => ns.Metadata.Name, StringComparer.Ordinal)];
        Datasets = [.. resources.OfType<Dataset>().OrderBy(d => ObjectName.Of(d.Metadata).ToString(), StringComparer.Ordinal)];
        _namespaces = Namespaces.ToDictionary(ns => ns.Metadata.Name, StringComparer.Ordinal);
        _own = Datasets.ToLookup(d => d.Metadata.Namespace, StringComparer.Ordinal);
        _shared = [.. Datasets.Where(d => d.Spec.Sharing.Count > 0)];
        _catalog = Catalog.Of([.. resources, .. Namespaces]);
    }

    /// <summary>Those whose pods are sent to the webhook, by name.</summary>
    public IReadOnlyList<Namespace> Namespaces { get; }

    /// <summary>By namespace and name.</summary>
    public IReadOnlyList<Dataset> Datasets { get; }

    public Namespace? Find(string ns) => _namespaces.GetValueOrDefault(ns);

    public IEnumerable<Namespace> OptedIn => Namespaces.Where(ns => ns.Metadata.Labels.GetValueOrDefault(Names.InjectionLabel) == Names.InjectionEnabled);

    /// <summary>Namespaces that might get the dataset: its own first, then those that it is shared with.</summary>
    public IEnumerable<Namespace> ConsumersOf(Dataset dataset)
    {
        IEnumerable<Namespace> own = Find(dataset.Metadata.Namespace ?? "") is { } ns ? [ns] : [];
        return dataset.Spec.Sharing.Count == 0 ? own : own.Concat(Namespaces.Where(other => IsSharedWith(dataset, other)));
    }

    /// <summary>Datasets that the namespace might get: its own first.</summary>
    public IEnumerable<Dataset> DatasetsFor(Namespace ns) => _own[ns.Metadata.Name].Concat(_shared.Where(d => IsSharedWith(d, ns)));

    /// <summary>What becomes of a pod of the namespace that names the dataset, and what policies demand of every pod there.</summary>
    /// <param name="ns">Where the pod is to run.</param>
    /// <param name="dataset">What it asks for.</param>
    /// <param name="tuning">An annotation that it has beside; null for none.</param>
    public PodOutcome Try(Namespace ns, Dataset dataset, (string Key, string Value)? tuning = null)
    {
        var pod = TrialPod.Of(ns.Metadata.Name, ObjectName.Of(dataset.Metadata), RequiredOf(ns), tuning);
        return PodTarget.In(pod, ns.Metadata.Name).Single().Decide(_catalog);
    }

    private IEnumerable<string> RequiredOf(Namespace ns) => _catalog.Policies
        .Where(p => p.Spec is { Action: PolicyAction.Deny, NamespaceSelector: { } selector } && selector.Matches(ns.Metadata.Labels))
        .SelectMany(p => p.Spec.Datasets.Require)
        .Distinct(StringComparer.Ordinal);

    private static bool IsSharedWith(Dataset dataset, Namespace ns) =>
        dataset.Metadata.Namespace != ns.Metadata.Name && dataset.Spec.Sharing.Exists(sharing => sharing.NamespaceSelector?.Matches(ns.Metadata.Labels) == true);
}
