namespace Sluice.Testing.PodSecurity;

/// <summary>Privilege escalation (such as via set-user-ID or set-group-ID file mode) should not be allowed. Allowed: false.</summary>
internal static class PrivilegeEscalation
{
    public static IEnumerable<Violation> Check(SecuredPod pod) =>
        pod.Containers.Where(c => !c.SecurityContext.At("allowPrivilegeEscalation").IsFalse)
            .Select(c => new Violation("Privilege Escalation", c.Of("allowPrivilegeEscalation"), c.SecurityContext.At("allowPrivilegeEscalation").Shown()));
}
