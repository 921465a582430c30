using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary>
/// What holds where no Deny policy says otherwise: at most eight datasets, Csi alone, limits kept, no tokens. A list that a
/// policy leaves out is no opinion, so that a policy about one thing does not take away what another grants.
/// </summary>
internal static class BuiltInDefault
{
    public const int MaxDatasets = 8;

    public static Decision? Check(Judgement j)
    {
        if (j.Sessions.Count > MaxDatasets && !Anybody(j, static p => p.MaxDatasetsPerPod is not null))
            return Deny(j, DatasetsPerPod.Message(j, MaxDatasets));
        if (j.Delivery != Delivery.Csi && !Anybody(j, static p => p.AllowedDeliveries is not null))
            return Deny(j, $"delivery {j.Delivery} needs a policy that allows it: list {j.Delivery} in allowedDeliveries of a TenantPolicy for namespace \"{j.Namespace}\", or remove annotation {Names.DeliveryAnnotation}");
        foreach (var session in j.Sessions)
        {
            if (session.Resources.Unlimited is { } key && !Anybody(j, static p => p.AllowUnlimited is not null))
                return Deny(j, Unlimited.Message(session, key));
            if (session.Token && !Anybody(j, static p => p.AllowedAudiences is not null))
                return Deny(j, Audiences.Message(j, session));
        }
        return null;
    }

    private static bool Anybody(Judgement j, Func<TenantPolicySpec, bool> hasOpinion)
    {
        for (var i = 0; i < j.Policies.Count; i++)
        {
            if (j.Policies[i].Spec is { Action: PolicyAction.Deny } spec && hasOpinion(spec))
                return true;
        }
        return false;
    }

    private static Decision Deny(Judgement j, string message) => j.Deny(403, DecisionReason.Policy, message);
}
