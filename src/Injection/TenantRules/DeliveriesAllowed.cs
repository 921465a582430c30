using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>allowedDeliveries</c>.</summary>
internal static class DeliveriesAllowed
{
    public static string? Judge(TenantPolicySpec policy, Judgement j) =>
        policy.AllowedDeliveries is { } allowed && j.Sessions.Count > 0 && !allowed.Contains(j.Delivery)
            ? $"delivery {j.Delivery} is not allowed: use {string.Join(" or ", allowed)} (annotation {Names.DeliveryAnnotation})"
            : null;
}
