namespace Sluice.Testing.PodSecurity;

/// <summary>Windows pods offer HostProcess containers, which have privileged access to the node. Allowed: undefined, false.</summary>
internal static class HostProcess
{
    public static IEnumerable<Violation> Check(SecuredPod pod)
    {
        if (pod.SecurityContext.At("windowsOptions", "hostProcess") is { IsTrue: true } ofPod)
            yield return new Violation("HostProcess", "spec.securityContext.windowsOptions.hostProcess", ofPod.Shown());
        foreach (var container in pod.Containers)
        {
            if (container.SecurityContext.At("windowsOptions", "hostProcess") is { IsTrue: true } own)
                yield return new Violation("HostProcess", container.Of("windowsOptions.hostProcess"), own.Shown());
        }
    }
}
