using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>datasets.allow</c>: which datasets, with which access, beside what sharing says.</summary>
internal static class DatasetsAllowed
{
    public static string? Judge(TenantPolicySpec policy, Judgement j)
    {
        if (policy.Datasets.Allow is not { } allow)
            return null;
        foreach (var session in j.Sessions)
        {
            if (Most(allow, session.Dataset.Name, j.Namespace) is not { } most)
                return $"dataset \"{session.Dataset.FullName}\" is not among the datasets that namespace \"{j.Namespace}\" may use: ask for it to be added to datasets.allow";
            if (session.Access > most)
                return $"dataset \"{session.Dataset.FullName}\" may only be read by namespace \"{j.Namespace}\": ask for ro";
        }
        return null;
    }

    /// <summary>What is left of <paramref name="most"/> under the Deny policies, for a volume that asks for no access of its own.</summary>
    public static Access Narrow(Judgement j, ObjectName dataset, Access most)
    {
        for (var i = 0; i < j.Policies.Count; i++)
        {
            if (j.Policies[i].Spec is { Action: PolicyAction.Deny, Datasets.Allow: { } allow } && Most(allow, dataset, j.Namespace) == Access.ReadOnly)
                return Access.ReadOnly;
        }
        return most;
    }

    private static Access? Most(List<AllowedDatasets> allow, ObjectName dataset, string ownNamespace)
    {
        Access? most = null;
        foreach (var entry in allow)
        {
            if (Glob.Matches(entry.Namespace ?? ownNamespace, dataset.Namespace)
                && (entry.Names.Count == 0 || Glob.MatchesAny(entry.Names, dataset.Name))
                && (most is null || entry.Access > most))
            {
                most = entry.Access;
            }
        }
        return most;
    }
}
