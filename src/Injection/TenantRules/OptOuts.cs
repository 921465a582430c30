using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>allowOptOut</c>: may a pod turn the injection off?</summary>
internal static class OptOuts
{
    public static string? Judge(TenantPolicySpec policy) => policy.AllowOptOut == false
        ? $"pods may not opt out: remove label {Names.InjectLabel}: \"false\""
        : null;
}
