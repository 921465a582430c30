namespace Sluice.Testing.PodSecurity;

/// <summary>
/// Containers must be required to run as non-root users. Allowed: true; a container's field may be undefined when the
/// pod-level one is true.
/// </summary>
internal static class RunningAsNonRoot
{
    public static IEnumerable<Violation> Check(SecuredPod pod)
    {
        var ofPod = pod.SecurityContext.At("runAsNonRoot");
        foreach (var container in pod.Containers)
        {
            var own = container.SecurityContext.At("runAsNonRoot");
            if (!(own.IsGiven ? own : ofPod).IsTrue)
                yield return new Violation("Running as Non-root", container.Of("runAsNonRoot"), own.Shown());
        }
    }
}
