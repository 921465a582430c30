namespace Sluice.Testing.PodSecurity;

/// <summary>Containers must drop ALL capabilities, and are only permitted to add back NET_BIND_SERVICE.</summary>
internal static class RestrictedCapabilities
{
    public static IEnumerable<Violation> Check(SecuredPod pod)
    {
        foreach (var container in pod.Containers)
        {
            var capabilities = container.SecurityContext.At("capabilities");
            if (!capabilities.At("drop").Items().Any(c => c.Text() == "ALL"))
                yield return new Violation("Capabilities (restricted)", container.Of("capabilities.drop"), capabilities.At("drop").Shown());
            foreach (var added in capabilities.At("add").Items().Where(c => c.Text() != "NET_BIND_SERVICE"))
                yield return new Violation("Capabilities (restricted)", container.Of("capabilities.add"), added.Shown());
        }
    }
}
