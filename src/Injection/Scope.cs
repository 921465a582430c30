using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>Which pods are judged at all, and which of those that ask for data cannot work.</summary>
internal static class Scope
{
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";

    /// <summary>Pods that are nobody's business here: left as they are.</summary>
    public static Decision? Leave(Judgement j)
    {
        // Anybody can write an annotation or a label: neither lets a volume of ours, or a name of ours, pass unjudged.
        var exempt = !HasOurs(j.Pod);
        if (exempt && j.Pod.Annotation(MirrorAnnotation) is not null)
            return Unchanged(j, DecisionReason.NotApplicable, "a mirror pod of the kubelet is never touched");
        if (exempt && j.Pod.Label(Names.RuntimeLabel) is not null && MayBeOurs(j))
            return Unchanged(j, DecisionReason.NotApplicable, $"a pod of a cache runtime (label {Names.RuntimeLabel}) is never injected");
        return OptOut(j);
    }

    /// <summary>No dataset is asked for: nothing to do, unless a policy demands one of the pods that come here.</summary>
    public static Decision? NotAsked(Judgement j) => j.Sessions.Count > 0
        ? null
        : (DatasetReferences.IsSelected(j) ? TenantRules.Judge.Check(j) : null) ?? ReservedNames.Check(j) ?? Unchanged(j, DecisionReason.NotAsked, "the pod asks for no dataset");

    /// <summary>Pods whose sandbox, system or user namespace keeps a mount of the node from reaching them.</summary>
    public static Decision? RefuseUnsupported(Judgement j)
    {
        var first = j.Sessions[0].Dataset.FullName;
        if (DatasetReferences.IsWindows(j.Pod))
            return Unsupported(j, $"dataset \"{first}\" cannot be mounted into a Windows pod: run the pod on Linux, or take the dataset out");
        if (PodView.Text(j.Pod.Spec, "runtimeClassName") is { } runtimeClass && Glob.MatchesAny(j.Settings.UnsupportedRuntimeClasses, runtimeClass))
            return Unsupported(j, $"dataset \"{first}\" cannot reach a pod of RuntimeClass \"{runtimeClass}\", whose sandbox does not pass mounts on: use a runtime that shares the node's kernel");
        if (j.Pod.Spec.TryGetProperty("hostUsers"u8, out var hostUsers) && hostUsers.ValueKind == JsonValueKind.False)
            return Unsupported(j, $"dataset \"{first}\" cannot be mounted into a pod with hostUsers: false: leave hostUsers out");
        foreach (var container in j.Pod.Containers)
        {
            foreach (var proxy in j.Settings.MeshProxies)
            {
                if (PodView.HasName(container, proxy))
                    j.Warn($"container \"{proxy}\" is an ordinary container and starts after the data is mounted, so that clients cannot use the mesh: annotate the pod with sidecar.istio.io/nativeSidecar: \"true\"");
            }
        }
        return null;
    }

    private static Decision? OptOut(Judgement j)
    {
        if (j.Pod.Label(Names.InjectLabel) is not { } inject || inject == "true")
            return null;
        if (inject != "false")
            return j.Deny(400, DecisionReason.BadRequest, $"label {Names.InjectLabel} has the value \"{inject}\": write \"true\" or \"false\"");
        foreach (var volume in j.Pod.Volumes)
        {
            if (IsOurDriver(volume))
                return j.Deny(400, DecisionReason.Conflict, $"volume \"{PodView.NameOf(volume)}\" needs the injection that label {Names.InjectLabel}: \"false\" turns off: remove the volume or the label");
        }
        return TenantRules.Judge.OptOut(j) ?? ReservedNames.Check(j) ?? Unchanged(j, DecisionReason.OptedOut, $"opted out by label {Names.InjectLabel}: \"false\"");
    }

    private static bool HasOurs(PodView pod)
    {
        foreach (var volume in pod.Volumes)
        {
            if (IsOurDriver(volume) || PodView.IsReserved(volume))
                return true;
        }
        return Array.Exists(pod.InitContainers, PodView.IsReserved) || Array.Exists(pod.Containers, PodView.IsReserved);
    }

    private static bool IsOurDriver(JsonElement volume) =>
        PodView.Object(volume, "csi"u8) is { ValueKind: JsonValueKind.Object } csi && PodView.Text(csi, "driver") == Names.CsiDriver;

    /// <summary>
    /// The label exempts pods that Kubernetes' own controllers make for the operator. From anybody else it would be a way
    /// around a policy that forbids opting out.
    /// </summary>
    private static bool MayBeOurs(Judgement j) =>
        j.User.StartsWith("system:serviceaccount:kube-system:", StringComparison.Ordinal)
        || j.User == "system:kube-controller-manager"
        || !TenantRules.Judge.ForbidsOptOut(j);

    private static Decision Unchanged(Judgement j, DecisionReason reason, string text)
    {
        j.Trace?.Add(TraceStep.Keeps, "pod", text);
        return j.Decide(DecisionKind.Unchanged, reason);
    }

    private static Decision Unsupported(Judgement j, string message) => j.Deny(422, DecisionReason.Unsupported, message);
}
