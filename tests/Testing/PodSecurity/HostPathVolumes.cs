namespace Sluice.Testing.PodSecurity;

/// <summary>HostPath volumes must be forbidden. Allowed: undefined.</summary>
internal static class HostPathVolumes
{
    public static IEnumerable<Violation> Check(SecuredPod pod) =>
        pod.Volumes.Where(v => v.At("hostPath").IsGiven)
            .Select(v => new Violation("HostPath Volumes", $"spec.volumes[{v.At("name").Text()}].hostPath", v.At("hostPath").Shown()));
}
