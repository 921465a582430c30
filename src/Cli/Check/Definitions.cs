using Sluice.Api;

namespace Sluice.Cli.Check;

/// <summary>Does the API server know our kinds, in the version that is written here?</summary>
internal static class Definitions
{
    public static CheckResult Check(ClusterState cluster)
    {
        if (!cluster.Definitions.TryGet(out var definitions, out var unseen))
            return unseen;
        var findings = new List<Finding>();
        foreach (var name in Installed.Kinds.Select(kind => kind.ToString()))
        {
            var definition = definitions.FirstOrDefault(d => d.Name == name);
            var what = $"CustomResourceDefinition {name}";
            if (definition is null)
                findings.Add(Finding.Wrong(what, "is not there", Installed.ApplyDefinitions));
            else if (definition.Trouble is { } trouble)
                findings.Add(Finding.Wrong(what, $"is not served: {trouble}", $"kubectl describe crd {name}"));
            else if (!definition.Served.Contains(Names.Version, StringComparer.Ordinal))
                findings.Add(Finding.Wrong(what, $"serves {string.Join(", ", definition.Served)}, not {Names.Version}", Installed.ApplyDefinitions));
        }
        return CheckResult.Of($"{definitions.Count} of {Count.Of(Installed.Kinds.Count, "kind")}", findings);
    }
}
