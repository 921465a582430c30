using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>allowedServiceAccounts</c>: accounts beside a Dataset's own in its own namespace.</summary>
internal static class ServiceAccounts
{
    public static string? Judge(TenantPolicySpec policy, Judgement j) =>
        policy.AllowedServiceAccounts is { } allowed && j.ServiceAccount is { } account && NeedsGrant(j) && !Glob.MatchesAny(allowed, account)
            ? $"ServiceAccount \"{account}\", which a dataset of another namespace needs, is not allowed: list it in allowedServiceAccounts"
            : null;

    /// <summary>Some Deny policy lists the account, and none that has a list leaves it out.</summary>
    public static bool Grants(Judgement j, string account) => Allowance.IsGiven(j, static p => p.AllowedServiceAccounts, account);

    private static bool NeedsGrant(Judgement j) =>
        j.Sessions.Exists(s => s.ServiceAccount == j.ServiceAccount && s.Dataset.Name.Namespace != j.Namespace);
}
