using System.Text.Json.Nodes;

namespace Sluice.Cluster.Tests;

/// <summary>Pods that no node ever gets: what becomes of them is decided when they are made.</summary>
internal static class TestPods
{
    /// <summary>A scheduler that does not exist.</summary>
    private const string Scheduler = "sluice-tests";

    /// <summary>The pod in this namespace, under a name of its own.</summary>
    public static JsonObject In(JsonObject pod, string nameSpace, string? name = null)
    {
        var copy = pod.DeepClone().AsObject();
        copy["metadata"]!["namespace"] = nameSpace;
        if (name is not null)
            copy["metadata"]!["name"] = name;
        copy["spec"]!["schedulerName"] = Scheduler;
        return copy;
    }

    /// <summary>A pod of one container that names a Dataset.</summary>
    public static JsonObject Naming(string dataset, string nameSpace, string name, JsonObject? resources = null) => In(
        new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Api.Names.DatasetLabel] = dataset } },
            ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "app", ["image"] = "app:1", ["resources"] = resources?.DeepClone() ?? new JsonObject() }) },
        },
        nameSpace,
        name);
}
