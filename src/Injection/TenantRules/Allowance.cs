using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary>What needs somebody's permission, as opposed to nobody's objection.</summary>
internal static class Allowance
{
    /// <summary>Some Deny policy has <paramref name="name"/> on its list, and none that has a list leaves it out.</summary>
    public static bool IsGiven(Judgement j, Func<TenantPolicySpec, List<string>?> list, string name)
    {
        var listed = false;
        for (var i = 0; i < j.Policies.Count; i++)
        {
            if (j.Policies[i].Spec.Action != PolicyAction.Deny || list(j.Policies[i].Spec) is not { } allowed)
                continue;
            if (!Glob.MatchesAny(allowed, name))
                return false;
            listed = true;
        }
        return listed;
    }
}
