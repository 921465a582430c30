using System.Text.Json.Nodes;
using Sluice.Api;
using static Sluice.Testing.Manifests.InjectedPod;

namespace Sluice.Testing.Manifests;

/// <summary>A pod that pretends to be the webhook's work.</summary>
/// <param name="About">What is wrong with it.</param>
/// <param name="Change">Makes it of <see cref="InjectedPod.Read"/>. API servers find the outcome well-formed, so that a policy gets to see it.</param>
/// <param name="Says">How the policy's words for it begin.</param>
public sealed record ForgedPod(string About, Action<JsonObject> Change, string Says);

/// <summary>What <c>pods.sluice.io</c> refuses, each rule at least once.</summary>
public static class ForgedPods
{
    public static IReadOnlyList<ForgedPod> All { get; } =
    [
        new("a volume of the driver without a sidecar", p => p["spec"]!.AsObject().Remove("initContainers"), "volume \"sluice-imagenet\" of driver csi.sluice.io has no sidecar"),
        new("a volume of the driver for another dataset", p => Volume(p, "sluice-imagenet")["csi"]!["volumeAttributes"]!["dataset"] = "nlp/secret", "volume \"sluice-imagenet\" of driver csi.sluice.io has no sidecar"),
        new("a volume of the driver without attributes", p => Volume(p, "sluice-imagenet")["csi"]!.AsObject().Remove("volumeAttributes"), "volume \"sluice-imagenet\" of driver csi.sluice.io has no sidecar"),
        new("a second volume of the driver for another namespace's dataset", p => Volumes(p).Add(Csi("mine", "nlp/secret", "data")), "volume \"mine\" of driver csi.sluice.io has no sidecar"),
        new("a session under a name of one's own", p => Volumes(p).Add(Csi("mine", "vision/imagenet", "session")), "volume \"mine\" has a role other than data"),
        new("a role that nobody knows", p => Volumes(p).Add(Csi("mine", "vision/imagenet", "admin")), "volume \"mine\" has a role other than data"),
        new("a sidecar that is an ordinary init container", p => { Sidecar(p).Remove("restartPolicy"); Sidecar(p).Remove("lifecycle"); }, "init container \"sluice-imagenet\" uses the prefix"),
        new("a sidecar that runs something else", p => Sidecar(p)["command"] = new JsonArray("/bin/sh", "-c", "cat", "x", "y"), "init container \"sluice-imagenet\" uses the prefix"),
        new("a sidecar without a command", p => Sidecar(p).Remove("command"), "init container \"sluice-imagenet\" uses the prefix"),
        new("a second sidecar without a session", p => InitContainers(p).Add(Renamed(Sidecar(p), "sluice-other")), "init container \"sluice-other\" uses the prefix"),
        new("a sidecar whose session is an emptyDir", p => { Volume(p, "sluice-imagenet--session").Remove("csi"); Volume(p, "sluice-imagenet--session")["emptyDir"] = new JsonObject(); }, "init container \"sluice-imagenet\" uses the prefix"),
        new("a container with the prefix", p => Container(p)["name"] = "sluice-app", "a container uses the prefix"),
        new("a container that mounts the session", p => Mount(Container(p), "sluice-imagenet--session"), "container \"app\" mounts a volume that belongs to a sidecar"),
        new("a container that mounts the state", p => Mount(Container(p), "sluice-imagenet--state"), "container \"app\" mounts a volume that belongs to a sidecar"),
        new("a container that mounts the credentials", p => MountNew(p, Container(p), "sluice-imagenet--auth"), "container \"app\" mounts a volume that belongs to a sidecar"),
        new("a container that mounts the cache", p => MountNew(p, Container(p), "sluice-imagenet--cache"), "container \"app\" mounts a volume that belongs to a sidecar"),
        new("a container that mounts the cover of the token", p => Mount(Container(p), "sluice--empty"), "container \"app\" mounts a volume that belongs to a sidecar"),
        new("an init container that mounts the session", p => InitContainers(p).Add(WithMount("setup", "sluice-imagenet--session")), "init container \"setup\" mounts a volume that belongs to a sidecar"),
        new("an init container that mounts the credentials", p => { Volumes(p).Add(Empty("sluice-imagenet--auth")); InitContainers(p).Add(WithMount("setup", "sluice-imagenet--auth")); }, "init container \"setup\" mounts a volume that belongs to a sidecar"),
        new("an init container that mounts the cover of the token", p => InitContainers(p).Add(WithMount("setup", "sluice--empty")), "init container \"setup\" mounts a volume that belongs to a sidecar"),
        new("reserved names in a pod that asks for nothing", p => Replace(p, WithoutCsi()), "names that start with \"sluice-\" are reserved"),
    ];

    public static JsonObject Single(string about)
    {
        var pod = InjectedPod.Read();
        All.Single(f => f.About == about).Change(pod);
        return pod;
    }

    /// <summary>What a tenant could write who wants the Shared delivery without being asked about it.</summary>
    public static JsonObject WithoutCsi()
    {
        var pod = InjectedPod.Read();
        pod["metadata"]!.AsObject().Remove("labels");
        var sidecar = Sidecar(pod);
        sidecar["command"]![1] = "mount";
        foreach (var volume in Volumes(pod).Where(v => v!["csi"] is not null).ToList())
        {
            volume!.AsObject().Remove("csi");
            volume["hostPath"] = new JsonObject { ["path"] = Names.SharedHostPath };
        }
        return pod;
    }

    private static void Replace(JsonObject pod, JsonObject other)
    {
        pod.Clear();
        foreach (var (name, value) in other)
            pod[name] = value!.DeepClone();
    }

    private static void MountNew(JsonObject pod, JsonObject container, string volume)
    {
        Volumes(pod).Add(Empty(volume));
        Mount(container, volume);
    }

    private static JsonObject Empty(string name) => new() { ["name"] = name, ["emptyDir"] = new JsonObject() };

    private static JsonObject Renamed(JsonObject container, string name)
    {
        var copy = container.DeepClone().AsObject();
        copy["name"] = name;
        copy.Remove("volumeMounts");
        return copy;
    }
}
