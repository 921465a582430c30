using System.Text.Json.Nodes;
using Sluice.Testing.Golden;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests.Golden;

/// <summary>The shared catalog of the golden cases in a cluster, as far as it is about the namespace that most of them live in.</summary>
internal static class SharedCatalog
{
    private const string ShortName = "vision";

    /// <summary>Makes the namespace, under a name of the area's own, and what is in it; gives how the golden files' names are to be read, and its name.</summary>
    public static async Task<(NamespaceNames Names, string NameSpace)> ApplyAsync(TestArea area, JsonObject? labels = null)
    {
        var nameSpace = await area.NamespaceAsync(ShortName, labels);
        var names = new NamespaceNames(area.Namespaces);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(GoldenFiles.Root, GoldenFiles.SharedCatalog), "*.yaml").Order(StringComparer.Ordinal))
        {
            foreach (var item in Yaml.ReadFile(file))
            {
                if (Yaml.Text(item["kind"]) == "Namespace" || Yaml.Text(item["metadata"]!["namespace"]) is not ("" or ShortName))
                    continue;
                names.Replace(item);
                await area.MakeAsync(item);
            }
        }
        return (names, nameSpace);
    }
}
