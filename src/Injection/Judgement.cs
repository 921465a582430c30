using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// One decision in the making: the pod, the snapshot it is judged by, and what the steps of <see cref="PodInjector"/>
/// have found so far. Each step returns null to go on, or the decision that ends the way.
/// </summary>
internal sealed class Judgement
{
    private static readonly ObjectMeta NoMeta = new();

    private List<string>? _warnings;
    private List<string>? _policies;

    public Judgement(PodView pod, PodRequest request, Catalog catalog, Trace? trace)
    {
        Pod = pod;
        Catalog = catalog;
        Trace = trace;
        Namespace = request.Namespace;
        User = request.User;
        NamespaceMeta = catalog.FindNamespace(request.Namespace)?.Metadata ?? NoMeta;
        Policies = TenantRules.Judge.Select(catalog, Namespace, NamespaceMeta);
    }

    public PodView Pod { get; }
    public Catalog Catalog { get; }
    public InjectionSettings Settings => Catalog.Settings;
    public Trace? Trace { get; }
    public string Namespace { get; }
    public string User { get; }

    /// <summary>The namespace's labels and annotations; empty ones when the catalog does not know it.</summary>
    public ObjectMeta NamespaceMeta { get; }

    /// <summary>The policies that select the namespace, by descending priority.</summary>
    public IReadOnlyList<TenantPolicy> Policies { get; }

    /// <summary>One per dataset, in the order of injection.</summary>
    public List<Session> Sessions { get; } = new(1);

    public Delivery Delivery { get; set; }

    /// <summary>The pod is of QoS class Guaranteed and has to stay so.</summary>
    public bool Guaranteed { get; set; }

    /// <summary>What the pod's ServiceAccount becomes; null leaves it.</summary>
    public string? ServiceAccount { get; set; }

    public void Warn(string warning)
    {
        (_warnings ??= []).Add(warning);
        Trace?.Add(TraceStep.Warns, "pod", warning);
    }

    /// <summary>Notes that <paramref name="policy"/> had a say, for the audit annotation.</summary>
    public void Note(string policy)
    {
        if (_policies is null || !_policies.Contains(policy))
            (_policies ??= []).Add(policy);
    }

    public Decision Deny(int code, DecisionReason reason, string message)
    {
        Trace?.Add(TraceStep.Refused, "pod", message);
        return Decide(DecisionKind.Deny, reason) with { Code = code, Message = message };
    }

    public Decision Decide(DecisionKind kind, DecisionReason reason) => new(kind, reason)
    {
        Warnings = _warnings ?? (IReadOnlyList<string>)[],
        Policies = _policies ?? (IReadOnlyList<string>)[],
        Datasets = Sessions.Count == 0 ? [] : Sessions.ConvertAll(s => s.Dataset.FullName),
    };
}
