namespace Sluice.Testing.PodSecurity;

/// <summary>The restricted policy only permits these volume types; every volume must set one of them.</summary>
internal static class VolumeTypes
{
    private static readonly string[] Permitted =
        ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    public static IEnumerable<Violation> Check(SecuredPod pod) =>
        pod.Volumes.Where(v => !Permitted.Any(type => v.At(type).IsGiven))
            .Select(v => new Violation("Volume Types", $"spec.volumes[{v.At("name").Text()}]", v.Shown()));
}
