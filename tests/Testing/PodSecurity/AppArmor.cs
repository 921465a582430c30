namespace Sluice.Testing.PodSecurity;

/// <summary>
/// The baseline policy should prevent overriding or disabling the default AppArmor profile. Allowed types: undefined,
/// RuntimeDefault, Localhost; annotations: undefined, runtime/default, localhost/*.
/// </summary>
internal static class AppArmor
{
    private const string Annotation = "container.apparmor.security.beta.kubernetes.io/";

    public static IEnumerable<Violation> Check(SecuredPod pod)
    {
        if (IsForbidden(pod.SecurityContext.At("appArmorProfile", "type").Text()))
            yield return new Violation("AppArmor", "spec.securityContext.appArmorProfile.type", pod.SecurityContext.At("appArmorProfile", "type").Shown());
        foreach (var container in pod.Containers)
        {
            var type = container.SecurityContext.At("appArmorProfile", "type");
            if (IsForbidden(type.Text()))
                yield return new Violation("AppArmor", container.Of("appArmorProfile.type"), type.Shown());
        }
        foreach (var annotation in pod.Metadata.At("annotations").Members())
        {
            var value = annotation.Value.Text();
            if (annotation.Name.StartsWith(Annotation, StringComparison.Ordinal) && value is not ("" or "runtime/default") && !value.StartsWith("localhost/", StringComparison.Ordinal))
                yield return new Violation("AppArmor", $"metadata.annotations[{annotation.Name}]", annotation.Value.Shown());
        }
    }

    private static bool IsForbidden(string type) => type is not ("" or "RuntimeDefault" or "Localhost");
}
