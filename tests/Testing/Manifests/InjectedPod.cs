using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Testing.Golden;

namespace Sluice.Testing.Manifests;

/// <summary>A pod as the webhook makes it of the simplest ask, for tests that change something in it.</summary>
public static class InjectedPod
{
    /// <summary>A new copy of the golden answer.</summary>
    public static JsonObject Read() => JsonNode.Parse(GoldenExpectation.ExpectedPod(GoldenCase.Read("ask/label"))!.Value.GetRawText())!.AsObject();

    internal static JsonArray Volumes(JsonObject pod) => pod["spec"]!["volumes"]!.AsArray();

    internal static JsonArray InitContainers(JsonObject pod) => pod["spec"]!["initContainers"]!.AsArray();

    internal static JsonObject Sidecar(JsonObject pod) => InitContainers(pod)[0]!.AsObject();

    internal static JsonObject Container(JsonObject pod) => pod["spec"]!["containers"]![0]!.AsObject();

    internal static JsonObject Volume(JsonObject pod, string name) => Volumes(pod).Single(v => Yaml.Text(v!["name"]) == name)!.AsObject();

    internal static JsonObject Csi(string name, string dataset, string role) => new()
    {
        ["name"] = name,
        ["csi"] = new JsonObject
        {
            ["driver"] = Names.CsiDriver,
            ["volumeAttributes"] = new JsonObject { ["dataset"] = dataset, ["role"] = role, ["access"] = "rw", ["admitted"] = "v1", ["profile"] = "plain" },
        },
    };

    internal static JsonObject WithMount(string name, string volume)
    {
        var container = new JsonObject { ["name"] = name, ["image"] = "debug:1" };
        Mount(container, volume);
        return container;
    }

    internal static void Mount(JsonObject container, string volume)
    {
        container["volumeMounts"] ??= new JsonArray();
        container["volumeMounts"]!.AsArray().Add(new JsonObject { ["name"] = volume, ["mountPath"] = "/stolen" });
    }
}
