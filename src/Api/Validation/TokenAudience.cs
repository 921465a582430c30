namespace Sluice.Api.Validation;

/// <summary>Audiences of projected tokens.</summary>
public static class TokenAudience
{
    private static readonly string[] ApiServers = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "api", "k3s", "rke2"];

    /// <summary>
    /// Whether a token of this audience would be taken by an API server: third-party clients never get one. Known are the
    /// defaults of kubeadm and of the common distributions; the mounter asks the cluster for its own besides.
    /// </summary>
    public static bool IsApiServer(string audience)
    {
        var name = audience.Trim();
        foreach (var scheme in (ReadOnlySpan<string>)["https://", "http://"])
        {
            if (name.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
                name = name[scheme.Length..];
        }
        return name.StartsWith("kubernetes.default.svc", StringComparison.OrdinalIgnoreCase)
            || ApiServers.Contains(name.TrimEnd('/'), StringComparer.OrdinalIgnoreCase);
    }
}
