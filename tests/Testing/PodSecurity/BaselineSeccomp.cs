namespace Sluice.Testing.PodSecurity;

/// <summary>The seccomp profile must not be explicitly set to Unconfined. Allowed: undefined, RuntimeDefault, Localhost.</summary>
internal static class BaselineSeccomp
{
    public static IEnumerable<Violation> Check(SecuredPod pod)
    {
        if (IsForbidden(pod.SecurityContext.At("seccompProfile", "type").Text()))
            yield return new Violation("Seccomp", "spec.securityContext.seccompProfile.type", pod.SecurityContext.At("seccompProfile", "type").Shown());
        foreach (var container in pod.Containers)
        {
            var type = container.SecurityContext.At("seccompProfile", "type");
            if (IsForbidden(type.Text()))
                yield return new Violation("Seccomp", container.Of("seccompProfile.type"), type.Shown());
        }
    }

    private static bool IsForbidden(string type) => type is not ("" or "RuntimeDefault" or "Localhost");
}
