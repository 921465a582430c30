using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary>
/// Holds a pod against the policies that select its namespace: each is judged alone and named in its message. Any denial
/// denies; Warn and Audit never change the result. What nobody wrote down falls to <see cref="BuiltInDefault"/>.
/// </summary>
internal static class Judge
{
    /// <summary>One rule: what <paramref name="policy"/> has against the pod, as a sentence with the remedy, or null.</summary>
    private delegate string? Rule(TenantPolicySpec policy, Judgement j);

    private static readonly Rule[] Rules =
    [
        DatasetsAllowed.Judge,
        DatasetsRequired.Judge,
        DatasetsPerPod.Judge,
        PodOverrides.Judge,
        SidecarBounds.Judge,
        Unlimited.Judge,
        ProfilesAllowed.Judge,
        ImagesAllowed.Judge,
        DeliveriesAllowed.Judge,
        ServiceAccounts.Judge,
        Audiences.Judge,
        Endpoints.Judge,
    ];

    /// <summary>The policies that select a namespace, in the catalog's order.</summary>
    public static IReadOnlyList<TenantPolicy> Select(Catalog catalog, string name, ObjectMeta meta)
    {
        List<TenantPolicy>? selected = null;
        foreach (var policy in catalog.Policies)
        {
            if (policy.Spec.NamespaceSelector is { } selector && NamespaceLabels.Match(selector, name, meta.Labels))
                (selected ??= []).Add(policy);
        }
        return selected ?? (IReadOnlyList<TenantPolicy>)[];
    }

    public static Decision? Check(Judgement j)
    {
        for (var i = 0; i < j.Policies.Count; i++)
        {
            foreach (var rule in Rules)
            {
                if (rule(j.Policies[i].Spec, j) is { } violation && Apply(j, j.Policies[i], violation) is { } denial)
                    return denial;
            }
        }
        return BuiltInDefault.Check(j);
    }

    /// <summary>The rule about <c>sluice.io/inject: "false"</c>, which is asked before anything else is known of the pod.</summary>
    public static Decision? OptOut(Judgement j)
    {
        for (var i = 0; i < j.Policies.Count; i++)
        {
            if (OptOuts.Judge(j.Policies[i].Spec) is { } violation && Apply(j, j.Policies[i], violation) is { } denial)
                return denial;
        }
        return null;
    }

    public static bool ForbidsOptOut(Judgement j)
    {
        for (var i = 0; i < j.Policies.Count; i++)
        {
            if (j.Policies[i].Spec is { Action: PolicyAction.Deny, AllowOptOut: false })
                return true;
        }
        return false;
    }

    private static Decision? Apply(Judgement j, TenantPolicy policy, string violation)
    {
        var name = policy.Metadata.Name;
        j.Note(name);
        var message = policy.Spec.Message is { Length: > 0 } added
            ? $"policy \"{name}\": {violation} ({added})"
            : $"policy \"{name}\": {violation}";
        switch (policy.Spec.Action)
        {
            case PolicyAction.Deny:
                return j.Deny(403, DecisionReason.Policy, message);
            case PolicyAction.Warn:
                j.Warn(message);
                return null;
            default:
                j.Trace?.Add(TraceStep.Policy, name, $"noted for the audit log: {violation}");
                return null;
        }
    }
}
