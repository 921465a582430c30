using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Sluice.Api.Manifests;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Rendering;

/// <summary>deploy/manifests and each overlay as a cluster gets them.</summary>
public sealed class RenderingTests
{
    private static readonly string Together = Path.Combine("..", "..", "tests", "Manifests.Tests", "Rendering", "together");

    public static TheoryData<string> Roots => [.. Kustomization.Roots, Together];

    [Theory]
    [MemberData(nameof(Roots))]
    public void Everything_renders_and_nothing_is_there_twice(string root)
    {
        var items = Kustomization.Render(root);
        Assert.InRange(items.Count, 30, 100);
        Assert.Empty(items.GroupBy(Yaml.FullName, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.All(items, i => Assert.True(Yaml.Text(i["apiVersion"]).Length > 0 && Yaml.Text(i["metadata"]!["name"]).Length > 0, Yaml.FullName(i)));
    }

    [Theory]
    [MemberData(nameof(Roots))]
    public async Task Kubectl_renders_the_same(string root)
    {
        var text = await KustomizeAsync(Path.Combine(Yaml.Manifests, root));
        Assert.SkipWhen(text is null, "kubectl 1.27 or newer is not installed: the tests' own reading of kustomization.yaml stands alone");
        var theirs = YamlDocuments.Read(text).Documents.Select(d => JsonNode.Parse(d.Json.Span)!.AsObject()).ToDictionary(Yaml.FullName, StringComparer.Ordinal);
        var ours = Kustomization.Render(root).ToDictionary(Yaml.FullName, StringComparer.Ordinal);
        Assert.Equal(ours.Keys.Order(StringComparer.Ordinal), theirs.Keys.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.All(ours, item => Assert.True(JsonNode.DeepEquals(item.Value, theirs[item.Key]), item.Key));
    }

    [Fact]
    public void All_components_go_together()
    {
        var all = Kustomization.Render(Together).Select(Yaml.FullName).ToHashSet(StringComparer.Ordinal);
        var each = Kustomization.Roots.Select(r => Kustomization.Render(r).Select(Yaml.FullName).ToHashSet(StringComparer.Ordinal)).ToList();
        var plain = each[0];
        Assert.All(each, names => Assert.Subset(all, names.Except(plain, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal)));
        Assert.All(each, names => Assert.Empty(plain.Except(names, StringComparer.Ordinal).Intersect(all, StringComparer.Ordinal)));
    }

    [Fact]
    public void Every_file_below_manifests_is_used()
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var root in Kustomization.Roots)
            Collect(Path.Combine(Yaml.Manifests, root), used);
        var all = Directory.EnumerateFiles(Yaml.Manifests, "*", SearchOption.AllDirectories).Select(Path.GetFullPath);
        Assert.Empty(all.Except(used, StringComparer.Ordinal));
    }

    private static void Collect(string directory, HashSet<string> used)
    {
        var file = Path.GetFullPath(Path.Combine(directory, "kustomization.yaml"));
        used.Add(file);
        var settings = Yaml.ReadFile(file).Single();
        foreach (var entry in new[] { "resources", "components" }.SelectMany(name => settings[name]?.AsArray() ?? []))
        {
            var path = Path.GetFullPath(Path.Combine(directory, Yaml.Text(entry)));
            if (Directory.Exists(path))
                Collect(path, used);
            else
                used.Add(path);
        }
    }

    /// <summary>Null where there is no kubectl, or one whose kustomize (before 5.0) does not know all that is used here.</summary>
    private static async Task<string?> KustomizeAsync(string directory)
    {
        var version = await RunAsync("version", "--client", "-o", "json");
        if (version is null || JsonNode.Parse(version)?["kustomizeVersion"] is not { } kustomize || !Yaml.Text(kustomize).StartsWith("v5", StringComparison.Ordinal))
            return null;
        return await RunAsync("kustomize", directory);
    }

    private static async Task<string?> RunAsync(params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("kubectl", arguments) { UseShellExecute = false, RedirectStandardOutput = true });
            var output = await process!.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, process.ExitCode);
            return output;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
