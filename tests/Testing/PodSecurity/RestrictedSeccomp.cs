namespace Sluice.Testing.PodSecurity;

/// <summary>
/// The seccomp profile must be explicitly set to RuntimeDefault or Localhost; a container's may be undefined when the
/// pod-level one is set.
/// </summary>
internal static class RestrictedSeccomp
{
    public static IEnumerable<Violation> Check(SecuredPod pod)
    {
        var ofPod = pod.SecurityContext.At("seccompProfile", "type");
        foreach (var container in pod.Containers)
        {
            var own = container.SecurityContext.At("seccompProfile", "type");
            if ((own.IsGiven ? own : ofPod).Text() is not ("RuntimeDefault" or "Localhost"))
                yield return new Violation("Seccomp (restricted)", container.Of("seccompProfile.type"), own.Shown());
        }
    }
}
