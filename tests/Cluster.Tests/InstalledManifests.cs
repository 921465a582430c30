using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests;

/// <summary>The objects of deploy/manifests as a test installs them: for its own namespaces alone, and with the webhook where it really is.</summary>
internal static class InstalledManifests
{
    /// <summary>A webhook configuration whose API servers call <paramref name="address"/> and believe <paramref name="authority"/> (PEM).</summary>
    public static JsonObject CallingUrl(string kind, string area, Uri address, string authority) => Configuration(kind, $"sluice-{area}", area, service => new JsonObject
    {
        ["url"] = new Uri(address, Yaml.Text(service["path"])).ToString(),
        ["caBundle"] = Convert.ToBase64String(Encoding.ASCII.GetBytes(authority)),
    });

    /// <summary>A webhook configuration under the name of a Service, at which API servers call that Service.</summary>
    public static JsonObject CallingService(string kind, string area, string nameSpace, string name, int port) => Configuration(kind, name, area, service => new JsonObject
    {
        ["service"] = new JsonObject { ["namespace"] = nameSpace, ["name"] = name, ["path"] = service["path"]!.DeepClone(), ["port"] = port },
    });

    /// <summary>Every policy and every binding.</summary>
    public static IEnumerable<JsonObject> Policies(string area)
    {
        foreach (var item in Kustomization.Render(""))
        {
            if (Yaml.Text(item["kind"]) == "ValidatingAdmissionPolicy")
                yield return Narrowed(item, item["spec"]!["matchConstraints"]!.AsObject(), area);
            else if (Yaml.Text(item["kind"]) == "ValidatingAdmissionPolicyBinding")
                yield return item;
        }
    }

    /// <summary>
    /// A Service that leads out of the cluster, to a port of this process. To an address by endpoints of its own, which every way of finding
    /// a Service understands; to a name, or to this very machine, which no endpoint may be, by its external name.
    /// </summary>
    public static IEnumerable<JsonObject> Service(string nameSpace, string name, string host, int port)
    {
        var metadata = new JsonObject { ["namespace"] = nameSpace, ["name"] = name };
        if (!IPAddress.TryParse(host, out var address) || IPAddress.IsLoopback(address))
        {
            yield return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Service", ["metadata"] = metadata, ["spec"] = new JsonObject { ["type"] = "ExternalName", ["externalName"] = host } };
            yield break;
        }
        yield return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["name"] = "webhook", ["port"] = port, ["targetPort"] = port }) },
        };
        yield return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Endpoints",
            ["metadata"] = metadata.DeepClone(),
            ["subsets"] = new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray(new JsonObject { ["ip"] = host }),
                ["ports"] = new JsonArray(new JsonObject { ["name"] = "webhook", ["port"] = port }),
            }),
        };
    }

    private static JsonObject Configuration(string kind, string name, string area, Func<JsonObject, JsonObject> client)
    {
        var item = Kustomization.Render("").Find(kind, "sluice-webhook");
        item["metadata"]!["name"] = name;
        foreach (var webhook in item["webhooks"]!.AsArray())
        {
            webhook!["clientConfig"] = client(webhook["clientConfig"]!["service"]!.AsObject());
            Narrowed(item, webhook.AsObject(), area);
        }
        return item;
    }

    /// <summary>Adds to what is selected already.</summary>
    private static JsonObject Narrowed(JsonObject item, JsonObject selecting, string area)
    {
        selecting["namespaceSelector"] ??= new JsonObject();
        selecting["namespaceSelector"]!["matchExpressions"] ??= new JsonArray();
        selecting["namespaceSelector"]!["matchExpressions"]!.AsArray().Add(new JsonObject { ["key"] = TestArea.Label, ["operator"] = "In", ["values"] = new JsonArray(area) });
        return item;
    }
}
