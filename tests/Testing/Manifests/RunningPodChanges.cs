using System.Text.Json.Nodes;
using Sluice.Api;
using static Sluice.Testing.Manifests.InjectedPod;

namespace Sluice.Testing.Manifests;

/// <summary>Something that somebody does to a running pod.</summary>
/// <param name="About">What.</param>
/// <param name="Resource"><c>pods</c>, or with the subresource that it is done to.</param>
/// <param name="Change">Does it to <see cref="InjectedPod.Read"/>, or to that as an API server has it.</param>
/// <param name="Says">The policy and how its words begin; empty when nothing is to be said.</param>
public sealed record RunningPodChange(string About, string Resource, Action<JsonObject> Change, string Says)
{
    /// <summary>API servers do not allow it for any pod, whatever the policies say.</summary>
    public bool ServerRefusesFirst { get; init; }
}

/// <summary>What <c>running-pods.sluice.io</c> refuses, what <c>late-labels.sluice.io</c> warns of, and what neither minds.</summary>
public static class RunningPodChanges
{
    public static IReadOnlyList<RunningPodChange> All { get; } =
    [
        new("nothing", "pods", _ => { }, ""),
        new("an image of the app", "pods", p => Container(p)["image"] = "app:2", ""),
        new("an annotation of somebody", "pods", p => p["metadata"]!["annotations"]!["example.org/x"] = "y", ""),
        new("resources of the app", "pods/resize", p => Container(p)["resources"] = new JsonObject { ["limits"] = new JsonObject { ["cpu"] = "2" } }, ""),
        new("an ephemeral container that looks at the data", "pods/ephemeralcontainers", p => p["spec"]!["ephemeralContainers"] = new JsonArray(WithMount("debug", "sluice-imagenet")), ""),
        new("the image of a sidecar", "pods", p => Sidecar(p)["image"] = "evil:1", "running-pods.sluice.io: image and resources of sidecar \"sluice-imagenet\" cannot be changed"),
        new("a sidecar that goes away", "pods", p => p["spec"]!.AsObject().Remove("initContainers"), "running-pods.sluice.io: image and resources of sidecar \"sluice-imagenet\" cannot be changed") { ServerRefusesFirst = true },
        new("resources of a sidecar", "pods/resize", p => Sidecar(p)["resources"]!["limits"]!["memory"] = "8Gi", "running-pods.sluice.io: image and resources of sidecar \"sluice-imagenet\" cannot be changed"),
        new("no resources of a sidecar", "pods/resize", p => Sidecar(p).Remove("resources"), "running-pods.sluice.io: image and resources of sidecar \"sluice-imagenet\" cannot be changed") { ServerRefusesFirst = true },
        new("an ephemeral container with the session", "pods/ephemeralcontainers", p => p["spec"]!["ephemeralContainers"] = new JsonArray(WithMount("debug", "sluice-imagenet--session")), "running-pods.sluice.io: ephemeral container \"debug\" uses a name or a volume"),
        new("an ephemeral container with the credentials", "pods/ephemeralcontainers", p => p["spec"]!["ephemeralContainers"] = new JsonArray(WithMount("debug", "sluice-imagenet--auth")), "running-pods.sluice.io: ephemeral container \"debug\" uses a name or a volume"),
        new("an ephemeral container with our name", "pods/ephemeralcontainers", p => p["spec"]!["ephemeralContainers"] = new JsonArray(WithMount("sluice-debug", "sluice-imagenet")), "running-pods.sluice.io: ephemeral container \"sluice-debug\" uses a name or a volume"),
        new("another dataset", "pods", p => p["metadata"]!["labels"]![Names.DatasetLabel] = "other", "late-labels.sluice.io: label sluice.io/dataset of a running pod changes nothing"),
        new("more datasets", "pods", p => p["metadata"]!["annotations"]![Names.DatasetsAnnotation] = "other", "late-labels.sluice.io: annotation sluice.io/datasets of a running pod changes nothing"),
    ];
}
