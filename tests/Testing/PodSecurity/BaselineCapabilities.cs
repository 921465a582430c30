namespace Sluice.Testing.PodSecurity;

/// <summary>Adding capabilities beyond those of the container runtimes' own default must be disallowed.</summary>
internal static class BaselineCapabilities
{
    private static readonly HashSet<string> Allowed =
    [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
        "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    ];

    public static IEnumerable<Violation> Check(SecuredPod pod) =>
        from container in pod.Containers
        from capability in container.SecurityContext.At("capabilities", "add").Items()
        where !Allowed.Contains(capability.Text())
        select new Violation("Capabilities", container.Of("capabilities.add"), capability.Shown());
}
