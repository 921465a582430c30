using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Injection;

namespace Sluice.Cli.Check;

/// <summary>A pod that is never run: as modest as one can be, so that what refuses it would refuse others too.</summary>
internal static class TrialPod
{
    private const string NamePrefix = "sluice-check-"; // and what the API server adds: no pod is in the way

    // Never pulled. A registry that clusters with rules about images mostly allow.
    private const string Image = "registry.k8s.io/pause:3.10";

    /// <summary>Asks for the delivery whose sidecars are privileged.</summary>
    public static (string Key, string Value) Shared { get; } = (Names.DeliveryAnnotation, nameof(Delivery.Shared));

    /// <summary>Asks for sidecars without limits.</summary>
    public static (string Key, string Value) Unlimited { get; } = (Names.SidecarResourcesAnnotation, "limits.cpu=0,limits.memory=0");

    /// <summary>The pod, as a user would write it.</summary>
    /// <param name="ns">Where it is to run.</param>
    /// <param name="dataset">What it asks for, by label, as most pods do.</param>
    /// <param name="required">Full names of datasets that it must have beside.</param>
    /// <param name="tuning">An annotation that it has beside; null for none.</param>
    public static JsonObject Of(string ns, ObjectName dataset, IEnumerable<string> required, (string Key, string Value)? tuning)
    {
        var annotations = new JsonObject();
        if (string.Join(',', required.Where(r => r != dataset.ToString())) is { Length: > 0 } more)
            annotations[Names.DatasetsAnnotation] = more;
        if (tuning is var (key, value))
            annotations[key] = value;
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject
            {
                ["generateName"] = NamePrefix,
                ["namespace"] = ns,
                ["labels"] = new JsonObject { [Names.DatasetLabel] = dataset.Namespace == ns ? dataset.Name : $"{dataset.Namespace}.{dataset.Name}" },
                ["annotations"] = annotations,
            },
            ["spec"] = new JsonObject
            {
                ["securityContext"] = new JsonObject
                {
                    ["runAsNonRoot"] = true,
                    ["runAsUser"] = 65532,
                    ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
                },
                ["containers"] = new JsonArray(new JsonObject
                {
                    ["name"] = "check",
                    ["image"] = Image,
                    ["securityContext"] = new JsonObject
                    {
                        ["allowPrivilegeEscalation"] = false,
                        ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
                    },
                    // Quotas demand both; requests below limits leave the sidecar's own as they are.
                    ["resources"] = new JsonObject
                    {
                        ["requests"] = new JsonObject { ["cpu"] = "10m", ["memory"] = "16Mi" },
                        ["limits"] = new JsonObject { ["cpu"] = "100m", ["memory"] = "64Mi" },
                    },
                }),
            },
        };
    }

    /// <summary>Names of the native sidecars in a pod that carry our prefix, and whether each restarts as such.</summary>
    public static IReadOnlyDictionary<string, bool> Sidecars(JsonObject pod)
    {
        var sidecars = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var container in InitContainers(pod))
            sidecars[(string)container["name"]!] = (string?)container["restartPolicy"] == "Always";
        return sidecars;
    }

    /// <summary>The init containers of ours.</summary>
    public static IEnumerable<JsonObject> InitContainers(JsonObject pod) =>
        (pod["spec"]?["initContainers"] as JsonArray ?? []).OfType<JsonObject>()
            .Where(c => ((string?)c["name"])?.StartsWith(Names.ReservedPrefix, StringComparison.Ordinal) == true);
}
