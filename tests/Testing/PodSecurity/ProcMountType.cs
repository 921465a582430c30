namespace Sluice.Testing.PodSecurity;

/// <summary>The default /proc masks are set up to reduce the attack surface and should be required. Allowed: undefined, Default.</summary>
internal static class ProcMountType
{
    public static IEnumerable<Violation> Check(SecuredPod pod) =>
        pod.Containers.Where(c => c.SecurityContext.At("procMount").Text() is not ("" or "Default"))
            .Select(c => new Violation("/proc Mount Type", c.Of("procMount"), c.SecurityContext.At("procMount").Shown()));
}
