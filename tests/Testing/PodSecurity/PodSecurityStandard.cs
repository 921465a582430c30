using System.Text.Json;

namespace Sluice.Testing.PodSecurity;

/// <summary>
/// Kubernetes' Pod Security Standards, one file per control, written from the text of the page "Pod Security Standards"
/// (as of Kubernetes 1.34) and not from the code that enforces it: a second opinion.
/// </summary>
public static class PodSecurityStandard
{
    private delegate IEnumerable<Violation> Control(SecuredPod pod);

    private static readonly Control[] BaselineControls =
    [
        HostProcess.Check, HostNamespaces.Check, PrivilegedContainers.Check, BaselineCapabilities.Check, HostPathVolumes.Check,
        HostPorts.Check, HostProbes.Check, AppArmor.Check, SELinux.Check, ProcMountType.Check, BaselineSeccomp.Check, Sysctls.Check,
    ];

    private static readonly Control[] RestrictedControls =
    [
        VolumeTypes.Check, PrivilegeEscalation.Check, RunningAsNonRoot.Check, RunningAsNonRootUser.Check,
        RestrictedSeccomp.Check, RestrictedCapabilities.Check,
    ];

    public static IReadOnlyList<Violation> Baseline(JsonElement pod) => Run(pod, BaselineControls);

    /// <summary>Restricted is everything of baseline and more.</summary>
    public static IReadOnlyList<Violation> Restricted(JsonElement pod) => Run(pod, [.. BaselineControls, .. RestrictedControls]);

    private static List<Violation> Run(JsonElement pod, Control[] controls)
    {
        var secured = new SecuredPod(pod);
        return [.. controls.SelectMany(control => control(secured))];
    }
}
