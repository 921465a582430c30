namespace Sluice.Testing.PodSecurity;

/// <summary>Containers must not set runAsUser to 0. Allowed: any non-zero value, undefined.</summary>
internal static class RunningAsNonRootUser
{
    public static IEnumerable<Violation> Check(SecuredPod pod)
    {
        if (pod.SecurityContext.At("runAsUser").Shown() == "0")
            yield return new Violation("Running as Non-root user", "spec.securityContext.runAsUser", "0");
        foreach (var container in pod.Containers)
        {
            if (container.SecurityContext.At("runAsUser").Shown() == "0")
                yield return new Violation("Running as Non-root user", container.Of("runAsUser"), "0");
        }
    }
}
