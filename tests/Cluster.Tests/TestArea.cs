using System.Text.Json.Nodes;
using Sluice.Kube;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests;

/// <summary>
/// What one test has of the cluster: namespaces with a suffix of its own, and objects of the whole cluster, which are removed in the
/// opposite order of their making. What is cluster-wide is narrowed to the namespaces with the area's label.
/// </summary>
internal sealed class TestArea : IAsyncDisposable
{
    public const string Label = "tests.sluice.io/area";

    private readonly List<ApiObject> _made = [];
    private readonly Dictionary<string, string> _namespaces = new(StringComparer.Ordinal);

    private TestArea(RunningCluster cluster) => Cluster = cluster;

    public RunningCluster Cluster { get; }

    /// <summary>Unlike that of any other area, in this run or another.</summary>
    public string Suffix { get; } = Guid.NewGuid().ToString("N")[..8];

    /// <summary>Full names of the namespaces by the names that the test calls them.</summary>
    public IReadOnlyDictionary<string, string> Namespaces => _namespaces;

    public static async Task<TestArea> OpenAsync(TestCluster cluster) => new(await cluster.StartedAsync());

    /// <summary>A namespace, with the account that a controller would make in it; gives its full name.</summary>
    public async Task<string> NamespaceAsync(string name = "vision", JsonObject? labels = null)
    {
        var full = $"{name}-{Suffix}";
        _namespaces.Add(name, full);
        labels = labels?.DeepClone().AsObject() ?? [];
        labels[Label] = Suffix;
        await MakeAsync(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = full, ["labels"] = labels } });
        await AccountAsync(full);
        return full;
    }

    /// <summary>Makes an object and remembers to remove it, unless its namespace takes it along.</summary>
    public async Task MakeAsync(JsonObject item)
    {
        var target = Kinds.Target(item);
        if (target.Namespace is null)
            _made.Add(target);
        await Cluster.ApplyAsync(item);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var target in Enumerable.Reverse(_made))
            await Cluster.DeleteAsync(target);
    }

    private async Task AccountAsync(string nameSpace)
    {
        var account = Json.Parse($$$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default","namespace":"{{{nameSpace}}}"}}""");
        var answer = await Cluster.Calls.CreateAsync(account);
        Assert.True(answer.Code is 201 or 409, answer.ToString()); // 409: where controllers run, one of them was faster
    }
}
