namespace Sluice.Cluster.Tests.Providers;

public sealed class ProviderChoiceTests
{
    private static readonly string[] Binaries = ["/usr/local/kubebuilder/bin/kube-apiserver", "/usr/local/kubebuilder/bin/etcd"];

    [Fact]
    public async Task A_named_cluster_comes_first()
    {
        var provider = Assert.IsType<KubeconfigProvider>(Choose([("KUBECONFIG_TEST", "/k"), ("SLUICE_TEST_HOST", "10.1.2.3"), ("KUBEBUILDER_ASSETS", "/a")], ["/k", .. Binaries], docker: true).Provider);
        Assert.Equal("10.1.2.3", provider.Host);
        Assert.Equal("/k", await provider.StartAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_named_cluster_without_a_way_back_has_no_host() =>
        Assert.Null(Choose([("KUBECONFIG_TEST", "/k")], ["/k"], docker: false).Provider!.Host);

    [Fact]
    public async Task Binaries_of_envtest_come_second_where_they_are_named_or_where_they_usually_are()
    {
        await using var named = Assert.IsType<ControlPlaneProvider>(Choose([("KUBEBUILDER_ASSETS", "/a")], ["/a/etcd", "/a/kube-apiserver", .. Binaries], docker: true).Provider);
        Assert.Equal("kube-apiserver of /a", named.Name);
        await using var usual = Assert.IsType<ControlPlaneProvider>(Choose([], Binaries, docker: true).Provider);
        Assert.Equal("kube-apiserver of /usr/local/kubebuilder/bin", usual.Name);
        Assert.Equal("127.0.0.1", usual.Host);
    }

    [Fact]
    public async Task A_Docker_engine_comes_third()
    {
        await using var k3s = Assert.IsType<K3sProvider>(Choose([("SLUICE_TEST_K3S_IMAGE", "mirror.test/k3s:1")], [Binaries[0]], docker: true).Provider);
        Assert.Equal("K3s (mirror.test/k3s:1)", k3s.Name);
    }

    [Fact]
    public void Without_any_the_reason_says_what_was_looked_for()
    {
        var (provider, missing) = Choose([("KUBECONFIG_TEST", ""), ("KUBEBUILDER_ASSETS", "")], [], docker: false);
        Assert.Null(provider);
        Assert.All(["KUBECONFIG_TEST", "KUBEBUILDER_ASSETS", "/usr/local/kubebuilder/bin", "kube-apiserver", "etcd", "Docker"], word => Assert.Contains(word, missing, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("KUBECONFIG_TEST")]
    [InlineData("KUBEBUILDER_ASSETS")]
    public void What_is_named_and_is_not_there_is_an_error(string variable)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Choose([(variable, "/nowhere")], Binaries, docker: true));
        Assert.StartsWith($"{variable} is /nowhere", error.Message, StringComparison.Ordinal);
    }

    private static (IClusterProvider? Provider, string Missing) Choose((string Name, string Value)[] variables, string[] files, bool docker) =>
        ProviderChoice.Choose(new ProviderEnvironment(name => Array.Find(variables, v => v.Name == name).Value, files.Contains, _ => docker));
}
