namespace Sluice.Testing.PodSecurity;

/// <summary>Sysctls should be disallowed except for an allowed safe subset, which is namespaced and isolated from other pods.</summary>
internal static class Sysctls
{
    private static readonly HashSet<string> Safe =
    [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
    ];

    public static IEnumerable<Violation> Check(SecuredPod pod) =>
        pod.SecurityContext.At("sysctls").Items().Where(s => !Safe.Contains(s.At("name").Text()))
            .Select(s => new Violation("Sysctls", "spec.securityContext.sysctls.name", s.At("name").Shown()));
}
