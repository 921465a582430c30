using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>allowedAudiences</c>: for which receivers the consumer's tokens may be made.</summary>
internal static class Audiences
{
    public static string? Judge(TenantPolicySpec policy, Judgement j)
    {
        if (policy.AllowedAudiences is not { } allowed)
            return null;
        foreach (var session in j.Sessions)
        {
            if (session.Token && !allowed.Contains(session.Dataset.Resource.Spec.Identity.TokenAudience!))
                return Message(j, session);
        }
        return null;
    }

    public static string Message(Judgement j, Session session) =>
        $"dataset \"{session.Dataset.FullName}\" needs a token of the audience \"{session.Dataset.Resource.Spec.Identity.TokenAudience}\": list it in allowedAudiences of a TenantPolicy for namespace \"{j.Namespace}\"";
}
