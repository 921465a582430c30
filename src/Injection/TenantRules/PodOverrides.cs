using Sluice.Api;

namespace Sluice.Injection.TenantRules;

/// <summary><c>allowPodOverrides</c>: which annotations may tune the injection.</summary>
internal static class PodOverrides
{
    private static readonly (PodOverride Override, string Annotation)[] Annotations =
    [
        (PodOverride.Containers, Names.ContainersAnnotation),
        (PodOverride.SidecarResources, Names.SidecarResourcesAnnotation),
        (PodOverride.Delivery, Names.DeliveryAnnotation),
    ];

    public static string? Judge(TenantPolicySpec policy, Judgement j)
    {
        if (policy.AllowPodOverrides is not { } allowed || j.Sessions.Count == 0)
            return null;
        foreach (var (tuning, annotation) in Annotations)
        {
            if (!allowed.Contains(tuning) && j.Pod.Annotation(annotation) is not null)
                return $"annotation {annotation} is not allowed: remove it";
        }
        return null;
    }
}
