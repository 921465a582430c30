using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>allowUnlimited</c>: is a limit of 0 honoured?</summary>
internal static class Unlimited
{
    public static string? Judge(TenantPolicySpec policy, Judgement j)
    {
        if (policy.AllowUnlimited != false)
            return null;
        foreach (var session in j.Sessions)
        {
            if (session.Resources.Unlimited is { } key)
                return Message(session, key);
        }
        return null;
    }

    public static string Message(Session session, string key) =>
        $"the sidecar of dataset \"{session.Dataset.FullName}\" asks for no limit of {key} (limits.{key}=0), which no policy allows: give a limit, or set allowUnlimited";
}
