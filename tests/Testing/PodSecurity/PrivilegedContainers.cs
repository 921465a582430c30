namespace Sluice.Testing.PodSecurity;

/// <summary>Privileged pods disable most security mechanisms and must be disallowed. Allowed: undefined, false.</summary>
internal static class PrivilegedContainers
{
    public static IEnumerable<Violation> Check(SecuredPod pod) =>
        pod.Containers.Where(c => c.SecurityContext.At("privileged").IsTrue).Select(c => new Violation("Privileged Containers", c.Of("privileged"), "true"));
}
