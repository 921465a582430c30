namespace Sluice.Testing.PodSecurity;

/// <summary>Sharing the host namespaces must be disallowed. Allowed: undefined, false.</summary>
internal static class HostNamespaces
{
    private static readonly string[] Fields = ["hostNetwork", "hostPID", "hostIPC"];

    public static IEnumerable<Violation> Check(SecuredPod pod) =>
        Fields.Where(field => pod.Spec.At(field).IsTrue).Select(field => new Violation("Host Namespaces", $"spec.{field}", "true"));
}
