using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>allowedEndpoints</c>: hosts that a source, or an option which names a host, may point to.</summary>
internal static class Endpoints
{
    public static string? Judge(TenantPolicySpec policy, Judgement j)
    {
        if (policy.AllowedEndpoints is not { } allowed)
            return null;
        foreach (var session in j.Sessions)
        {
            foreach (var host in session.Resolution.Endpoints)
            {
                if (!IsAllowed(allowed, host))
                    return $"dataset \"{session.Dataset.FullName}\" takes its data from \"{host}\", which is not allowed: use one of {string.Join(", ", allowed)}";
            }
        }
        return null;
    }

    /// <summary>A pattern without a port allows every port of the host.</summary>
    private static bool IsAllowed(List<string> allowed, string host)
    {
        if (Glob.MatchesAny(allowed, host))
            return true;
        var colon = host.LastIndexOf(':');
        return colon > 0 && !host.EndsWith(']') && Glob.MatchesAny(allowed, host.AsSpan(0, colon));
    }
}
