namespace Sluice.Cluster.Tests.Providers;

/// <summary>
/// Which API server the tests get: the one that was named, else one of the envtest binaries, else K3s in a container. What was
/// asked for by name and is not there is an error and no reason to look further.
/// </summary>
internal static class ProviderChoice
{
    public const string KubeconfigVariable = "KUBECONFIG_TEST";
    public const string HostVariable = "SLUICE_TEST_HOST";
    public const string AssetsVariable = "KUBEBUILDER_ASSETS";
    public const string ImageVariable = "SLUICE_TEST_K3S_IMAGE";
    public const string DefaultAssets = "/usr/local/kubebuilder/bin"; // where envtest looks
    public const string DefaultImage = "rancher/k3s:v1.33.4-k3s1";

    /// <summary>The provider, or one sentence that says what was looked for.</summary>
    public static (IClusterProvider? Provider, string Missing) Choose(ProviderEnvironment environment)
    {
        if (environment.Set(KubeconfigVariable) is { } kubeconfig)
            return (Named(environment, kubeconfig), "");
        if (Binaries(environment) is { } assets)
            return (new ControlPlaneProvider(assets), "");
        if (DockerEngine.Candidates(environment).Any(environment.Answers))
            return (new K3sProvider(environment.Set(ImageVariable) ?? DefaultImage), "");
        return (null, $"no API server: {KubeconfigVariable} is not set, {DefaultAssets} and {AssetsVariable} have no kube-apiserver and etcd, and no Docker engine answers");
    }

    private static KubeconfigProvider Named(ProviderEnvironment environment, string kubeconfig) => environment.FileExists(kubeconfig)
        ? new KubeconfigProvider(kubeconfig, environment.Set(HostVariable))
        : throw new InvalidOperationException($"{KubeconfigVariable} is {kubeconfig}, which does not exist.");

    private static string? Binaries(ProviderEnvironment environment)
    {
        if (environment.Set(AssetsVariable) is not { } named)
            return HasBinaries(environment, DefaultAssets) ? DefaultAssets : null;
        return HasBinaries(environment, named)
            ? named
            : throw new InvalidOperationException($"{AssetsVariable} is {named}, where kube-apiserver and etcd are not both to be found.");
    }

    private static bool HasBinaries(ProviderEnvironment environment, string directory) =>
        environment.FileExists(Path.Combine(directory, ControlPlaneFlags.ApiServer)) && environment.FileExists(Path.Combine(directory, ControlPlaneFlags.Etcd));
}
