using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>allowedProfiles</c>.</summary>
internal static class ProfilesAllowed
{
    public static string? Judge(TenantPolicySpec policy, Judgement j)
    {
        if (policy.AllowedProfiles is not { } allowed)
            return null;
        foreach (var session in j.Sessions)
        {
            if (!Glob.MatchesAny(allowed, session.Profile.Name))
                return $"dataset \"{session.Dataset.FullName}\" uses RuntimeProfile \"{session.Profile.Name}\", which is not allowed: use one of {string.Join(", ", allowed)}";
        }
        return null;
    }
}
