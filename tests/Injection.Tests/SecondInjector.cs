using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Sluice.Api;

namespace Sluice.Injection.Tests;

/// <summary>
/// Another mutating webhook that ran after ours and treats our containers as it likes: what it strips is ours to restore,
/// what it adds is its own to keep.
/// </summary>
internal static class SecondInjector
{
    public enum Deed
    {
        DropRestartPolicy,
        DropCommand,
        DropArgs,
        ChangeArgs,
        DropHooks,
        DropSecurityContext,
        WeakenSecurityContext,
        DropMounts,
        DropOneMount,
        DropMessagePolicy,
        DropMarkers,
        DropVolumes,
        ReverseInitContainers,
        AddProxyFirst,
        AddProxyLast,
        AddContainer,
        AddInitContainer,
        AddEnv,
        AddMount,
    }

    public const string ForeignVolume = "second-injector";

    public static readonly Gen<Deed[]> Deeds = Gen.Enum<Deed>().Array[1, 4];

    public static JsonElement Apply(JsonElement pod, Deed[] deeds)
    {
        var root = JsonObject.Create(pod)!;
        foreach (var deed in deeds)
            Apply(root, deed);
        return JsonElement.Parse(root.ToJsonString());
    }

    private static void Apply(JsonObject pod, Deed deed)
    {
        var spec = pod["spec"]!.AsObject();
        var init = spec["initContainers"] as JsonArray ?? [];
        var ours = init.Where(IsOurs).Select(c => c!.AsObject()).ToList();
        switch (deed)
        {
            case Deed.DropRestartPolicy: Drop(ours, "restartPolicy"); break;
            case Deed.DropCommand: Drop(ours, "command"); break;
            case Deed.DropArgs: Drop(ours, "args"); break;
            case Deed.ChangeArgs: ours.ForEach(c => c["args"] = new JsonArray("--evil")); break;
            case Deed.DropHooks: Drop(ours, "lifecycle"); break;
            case Deed.DropSecurityContext: Drop(ours, "securityContext"); break;
            case Deed.WeakenSecurityContext: ours.ForEach(c => c["securityContext"] = new JsonObject { ["privileged"] = true, ["runAsUser"] = 0 }); break;
            case Deed.DropMounts: Drop(ours, "volumeMounts"); break;
            case Deed.DropOneMount: ours.ForEach(c => RemoveLast(c["volumeMounts"] as JsonArray)); break;
            case Deed.DropMessagePolicy: Drop(ours, "terminationMessagePolicy"); break;
            case Deed.DropMarkers:
                (pod["metadata"]!["labels"] as JsonObject)?.Remove(Names.InjectedLabel);
                (pod["metadata"]!["annotations"] as JsonObject)?.Remove(Names.StatusAnnotation);
                break;
            case Deed.DropVolumes: Remove(spec["volumes"] as JsonArray, v => IsOurs(v) && ours.Count > 0 && !IsData(v)); break;
            case Deed.ReverseInitContainers: Reverse(init); break;
            case Deed.AddProxyFirst: AddOnce(init, "linkerd-proxy", native: true, first: true); break;
            case Deed.AddProxyLast: AddOnce(init, "linkerd-proxy", native: true, first: false); break;
            case Deed.AddContainer: AddOnce(spec["containers"]!.AsArray(), "logger", native: false, first: false); break;
            case Deed.AddInitContainer: AddOnce(init, "waiter", native: false, first: true); break;
            case Deed.AddEnv:
                foreach (var container in ours)
                    List(container, "env").Add(new JsonObject { ["name"] = "SECOND", ["value"] = "1" });
                break;
            case Deed.AddMount:
                AddVolume(spec);
                foreach (var container in ours.Where(c => !List(c, "volumeMounts").Any(m => (string?)m!["name"] == ForeignVolume)))
                    List(container, "volumeMounts").Add(new JsonObject { ["name"] = ForeignVolume, ["mountPath"] = "/second" });
                break;
            default: throw new ArgumentOutOfRangeException(nameof(deed));
        }
    }

    private static bool IsOurs(JsonNode? item) => ((string?)item?["name"])?.StartsWith(Names.ReservedPrefix, StringComparison.Ordinal) == true;

    /// <summary>Data volumes stay: app containers mount them, and whoever drops a mounted volume makes an invalid pod.</summary>
    private static bool IsData(JsonNode? volume) => (string?)volume!["csi"]?["volumeAttributes"]?["role"] == Names.VolumeAttributes.RoleData;

    private static void Drop(List<JsonObject> containers, string field) => containers.ForEach(c => c.Remove(field));

    private static JsonArray List(JsonObject container, string name)
    {
        if (container[name] is not JsonArray list)
            container[name] = list = [];
        return list;
    }

    private static void RemoveLast(JsonArray? list)
    {
        if (list is { Count: > 0 })
            list.RemoveAt(list.Count - 1);
    }

    private static void Remove(JsonArray? list, Predicate<JsonNode?> which)
    {
        for (var i = (list?.Count ?? 0) - 1; i >= 0; i--)
        {
            if (which(list![i]))
                list.RemoveAt(i);
        }
    }

    private static void Reverse(JsonArray list)
    {
        var items = list.Reverse().ToList();
        list.Clear();
        items.ForEach(list.Add);
    }

    private static void AddOnce(JsonArray list, string name, bool native, bool first)
    {
        if (list.Any(c => (string?)c!["name"] == name))
            return;
        var container = new JsonObject { ["name"] = name, ["image"] = "second:1" };
        if (native)
            container["restartPolicy"] = "Always";
        list.Insert(first ? 0 : list.Count, container);
    }

    private static void AddVolume(JsonObject spec)
    {
        var volumes = List(spec, "volumes");
        if (!volumes.Any(v => (string?)v!["name"] == ForeignVolume))
            volumes.Add(new JsonObject { ["name"] = ForeignVolume, ["emptyDir"] = new JsonObject() });
    }
}
