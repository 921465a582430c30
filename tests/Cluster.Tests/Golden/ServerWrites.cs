using System.Text.Json.Nodes;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests.Golden;

/// <summary>
/// Takes out of a pod what API servers and their own plugins write into every pod, so that two pods can be compared. A field goes
/// only when it has the value that a server would have written: another value is somebody's, and is compared.
/// </summary>
internal static class ServerWrites
{
    private const string TokenVolume = "kube-api-access-"; // then five characters
    private const string TokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    private static readonly string[] OfMetadata = ["uid", "creationTimestamp", "resourceVersion", "generation", "managedFields", "namespace"];

    private static readonly JsonObject OfSpec = Json.Parse("""
        {"restartPolicy":"Always","dnsPolicy":"ClusterFirst","terminationGracePeriodSeconds":30,"securityContext":{},"enableServiceLinks":true,
         "serviceAccountName":"default","serviceAccount":"default","priority":0,"preemptionPolicy":"PreemptLowerPriority",
         "tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},
                        {"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]}
        """);

    private static readonly JsonObject OfContainer = Json.Parse("""
        {"imagePullPolicy":"IfNotPresent","terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","resources":{}}
        """);

    private static readonly JsonObject OfProbe = Json.Parse("""{"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}""");

    /// <summary>Changes <paramref name="pod"/> itself.</summary>
    public static void Remove(JsonObject pod)
    {
        pod.Remove("status");
        foreach (var name in OfMetadata)
            pod["metadata"]!.AsObject().Remove(name);
        var spec = pod["spec"]!.AsObject();
        RemoveToken(spec);
        RemoveDefaults(spec, OfSpec);
        foreach (var container in Items(spec, "containers").Concat(Items(spec, "initContainers")).ToList())
            RemoveFromContainer(container);
        foreach (var volume in Items(spec, "volumes"))
            RemoveFromVolume(volume);
        RemoveEmpty(pod);
    }

    /// <summary>The volume and its mounts that the plugin ServiceAccount adds where a pod does not forbid it.</summary>
    private static void RemoveToken(JsonObject spec)
    {
        var names = Items(spec, "volumes").Select(v => Yaml.Text(v["name"])).Where(n => n.StartsWith(TokenVolume, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        RemoveWhere(spec, "volumes", v => names.Contains(Yaml.Text(v["name"])));
        foreach (var container in Items(spec, "containers").Concat(Items(spec, "initContainers")).ToList())
            RemoveWhere(container, "volumeMounts", m => names.Contains(Yaml.Text(m["name"])) && Yaml.Text(m["mountPath"]) == TokenPath);
    }

    private static void RemoveFromContainer(JsonObject container)
    {
        RemoveDefaults(container, OfContainer);
        // Some versions write what is true without it: a resize needs no restart.
        if (Items(container, "resizePolicy").All(p => Yaml.Text(p["restartPolicy"]) == "NotRequired"))
            container.Remove("resizePolicy");
        foreach (var name in (string[])["startupProbe", "readinessProbe", "livenessProbe"])
        {
            if (container[name] is JsonObject probe)
                RemoveDefaults(probe, OfProbe);
        }
        foreach (var port in Items(container, "ports"))
            RemoveDefaults(port, Json.Parse("""{"protocol":"TCP"}"""));
        foreach (var variable in Items(container, "env"))
        {
            if (variable["valueFrom"]?["fieldRef"] is JsonObject field)
                RemoveDefaults(field, Json.Parse("""{"apiVersion":"v1"}"""));
        }
    }

    private static void RemoveFromVolume(JsonObject volume)
    {
        foreach (var name in (string[])["secret", "configMap", "projected", "downwardAPI"])
        {
            if (volume[name] is JsonObject source)
                RemoveDefaults(source, Json.Parse("""{"defaultMode":420}"""));
        }
        foreach (var source in volume["projected"] is JsonObject projected ? Items(projected, "sources") : [])
        {
            if (source["serviceAccountToken"] is JsonObject token)
                RemoveDefaults(token, Json.Parse("""{"expirationSeconds":3600}"""));
        }
        if (volume["hostPath"] is JsonObject path)
            RemoveDefaults(path, Json.Parse("""{"type":""}"""));
    }

    private static void RemoveDefaults(JsonObject item, JsonObject defaults)
    {
        foreach (var (name, value) in defaults)
        {
            if (item.TryGetPropertyValue(name, out var there) && JsonNode.DeepEquals(there, value))
                item.Remove(name);
        }
    }

    /// <summary>Null, and lists of nothing, are as good as absent. An empty object may say something: <c>emptyDir: {}</c>.</summary>
    private static void RemoveEmpty(JsonNode item)
    {
        if (item is JsonArray list)
        {
            foreach (var below in list)
            {
                if (below is not null)
                    RemoveEmpty(below);
            }
        }
        else if (item is JsonObject map)
        {
            foreach (var (name, value) in map.ToList())
            {
                if (value is null or JsonArray { Count: 0 })
                    map.Remove(name);
                else
                    RemoveEmpty(value);
            }
        }
    }

    private static void RemoveWhere(JsonObject item, string list, Func<JsonObject, bool> condition)
    {
        foreach (var match in Items(item, list).Where(condition).ToList())
            item[list]!.AsArray().Remove(match);
    }

    private static IEnumerable<JsonObject> Items(JsonObject item, string name) => item[name] is JsonArray list ? list.Select(i => i!.AsObject()) : [];
}
