using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary>
/// <c>sidecar.min</c> and <c>sidecar.max</c>. Defaults were brought within the bounds of Deny policies before; what is
/// refused here was asked for.
/// </summary>
internal static class SidecarBounds
{
    public static string? Judge(TenantPolicySpec policy, Judgement j)
    {
        foreach (var session in j.Sessions)
        {
            var violation = Judge(session, "requests", session.Resources.Requests, policy.Sidecar.Min.Requests, policy.Sidecar.Max.Requests)
                ?? Judge(session, "limits", session.Resources.Limits, policy.Sidecar.Min.Limits, policy.Sidecar.Max.Limits);
            if (violation is not null)
                return violation;
            foreach (var (key, most) in policy.Sidecar.Max.Limits)
            {
                if (session.Resources.IsUnlimited(key))
                    return $"the sidecar of dataset \"{session.Dataset.FullName}\" asks for no limit of {key} (limits.{key}=0) and at most {most} is allowed: give a limit";
            }
        }
        return null;
    }

    private static string? Judge(Session session, string list, List<ResourceAmount> amounts, Dictionary<string, Quantity> min, Dictionary<string, Quantity> max)
    {
        foreach (var amount in amounts)
        {
            if (max.TryGetValue(amount.Key, out var most) && amount.Value > most)
                return $"the sidecar of dataset \"{session.Dataset.FullName}\" asks for {list}.{amount.Key}={amount.Value} and at most {most} is allowed: ask for less";
            if (min.TryGetValue(amount.Key, out var least) && amount.Value < least)
                return $"the sidecar of dataset \"{session.Dataset.FullName}\" asks for {list}.{amount.Key}={amount.Value} and at least {least} is demanded: ask for more";
        }
        return null;
    }
}
