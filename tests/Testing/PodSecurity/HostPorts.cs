namespace Sluice.Testing.PodSecurity;

/// <summary>HostPorts should be disallowed entirely. Allowed: undefined, 0 (known lists do not concern us).</summary>
internal static class HostPorts
{
    public static IEnumerable<Violation> Check(SecuredPod pod) =>
        from container in pod.Containers
        from port in container.Container.At("ports").Items()
        let hostPort = port.At("hostPort")
        where hostPort.IsGiven && hostPort.GetRawText() != "0"
        select new Violation("Host Ports", $"{container.Field}.ports.hostPort", hostPort.Shown());
}
