namespace Sluice.Testing.PodSecurity;

/// <summary>The host field of probes and lifecycle hooks must be disallowed (since v1.34). Allowed: undefined, "".</summary>
internal static class HostProbes
{
    private static readonly string[][] Handlers =
    [
        ["livenessProbe"], ["readinessProbe"], ["startupProbe"], ["lifecycle", "postStart"], ["lifecycle", "preStop"],
    ];
    private static readonly string[] Actions = ["httpGet", "tcpSocket"];

    public static IEnumerable<Violation> Check(SecuredPod pod) =>
        from container in pod.Containers
        from handler in Handlers
        from action in Actions
        let host = container.Container.At(handler).At(action, "host")
        where host.Text().Length > 0
        select new Violation("Host Probes / Lifecycle Hooks", $"{container.Field}.{string.Join('.', handler)}.{action}.host", host.Shown());
}
