using System.Text.Json;

namespace Sluice.Testing.PodSecurity;

/// <summary>
/// Setting the SELinux type is restricted, and setting a custom user or role is forbidden. Allowed types: undefined, "",
/// container_t, container_init_t, container_kvm_t, container_engine_t; user and role: undefined, "".
/// </summary>
internal static class SELinux
{
    private static readonly HashSet<string> Types = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

    public static IEnumerable<Violation> Check(SecuredPod pod) =>
    [
        .. Check(pod.SecurityContext.At("seLinuxOptions"), "spec.securityContext.seLinuxOptions"),
        .. pod.Containers.SelectMany(c => Check(c.SecurityContext.At("seLinuxOptions"), c.Of("seLinuxOptions"))),
    ];

    private static IEnumerable<Violation> Check(JsonElement options, string field)
    {
        if (!Types.Contains(options.At("type").Text()))
            yield return new Violation("SELinux", $"{field}.type", options.At("type").Shown());
        if (options.At("user").Text().Length > 0)
            yield return new Violation("SELinux", $"{field}.user", options.At("user").Shown());
        if (options.At("role").Text().Length > 0)
            yield return new Violation("SELinux", $"{field}.role", options.At("role").Shown());
    }
}
