using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// Which containers get the data: all app containers and the pod's own init containers, or those that the annotation
/// names. Mesh proxies and our own sidecars never do. In a pod that was injected before, a container that came later
/// belongs to another injector and gets none; who had it is told by the mounts that are there and, where somebody
/// stripped those, by the status annotation, which can only name containers of this pod.
/// </summary>
internal static class Recipients
{
    public static Decision? Choose(Judgement j)
    {
        HashSet<string>? named = null;
        if (j.Pod.Annotation(Names.ContainersAnnotation) is { } text && ReadNames(j, text, out named) is { } denial)
            return denial;
        foreach (var session in j.Sessions)
        {
            session.SidecarIndex = PodView.IndexOf(j.Pod.InitContainers, session.Names.Base);
            if (session.MountPath is null)
                continue; // only the user's own mounts
            var before = session.SidecarIndex is null ? null : InjectionStatus.RecipientsBefore(j.Pod, session);
            if (Choose(j, session, j.Pod.InitContainers, session.InitRecipients, named, before) is { } init)
                return init;
            if (Choose(j, session, j.Pod.Containers, session.Recipients, named, before) is { } main)
                return main;
        }
        return ContradictingPaths(j);
    }

    private static Decision? ReadNames(Judgement j, string text, out HashSet<string> named)
    {
        named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var range in text.AsSpan().Split(','))
        {
            var name = text.AsSpan(range).Trim().ToString();
            if (name.Length == 0)
                continue;
            if (PodView.IndexOf(j.Pod.Containers, name) is null && PodView.IndexOf(j.Pod.InitContainers, name) is null)
                return j.Deny(400, DecisionReason.BadRequest, $"annotation {Names.ContainersAnnotation} names container \"{name}\", which the pod does not have: correct the name");
            named.Add(name);
        }
        return named.Count == 0
            ? j.Deny(400, DecisionReason.BadRequest, $"annotation {Names.ContainersAnnotation} names no container: name some, or remove it")
            : null;
    }

    private static Decision? Choose(Judgement j, Session session, JsonElement[] containers, List<int> recipients, HashSet<string>? named, HashSet<string>? before)
    {
        for (var i = 0; i < containers.Length; i++)
        {
            if (PodView.IsReserved(containers[i]) || IsMesh(j, containers[i]))
                continue;
            if (named is not null && !named.Contains(PodView.NameOf(containers[i])))
                continue;
            var has = Mounts.Find(containers[i], session.DataVolume, session.MountPath!) is not null;
            if (before is not null && named is null && !has && !before.Contains(PodView.NameOf(containers[i])))
                continue;
            // A user's own volume that the container mounts somewhere already answers an ask that names no path.
            if (session is { UserVolume: not null, PathAskedBy: null } && Mounts.FindVolume(containers[i], session.DataVolume) is not null)
                continue;
            if (Mounts.FindPath(containers[i], session.MountPath!) is { } taken && !PodView.HasName(taken, session.DataVolume))
                return j.Deny(400, DecisionReason.Conflict, $"container \"{PodView.NameOf(containers[i])}\" already mounts volume \"{PodView.NameOf(taken)}\" at {session.MountPath}, where dataset \"{session.Dataset.FullName}\" goes: give the dataset another path (annotation {Names.DatasetsAnnotation}: {session.Dataset.Name.Name}=/other/path)");
            recipients.Add(i);
        }
        return null;
    }

    private static Decision? ContradictingPaths(Judgement j)
    {
        for (var a = 0; a < j.Sessions.Count; a++)
        {
            for (var b = a + 1; b < j.Sessions.Count; b++)
            {
                if (j.Sessions[a].MountPath is { } path && path == j.Sessions[b].MountPath)
                    return j.Deny(400, DecisionReason.Conflict, $"datasets \"{j.Sessions[a].Dataset.FullName}\" and \"{j.Sessions[b].Dataset.FullName}\" are both asked for at {path}: give one another path (annotation {Names.DatasetsAnnotation}: name=/path)");
            }
        }
        return null;
    }

    public static bool IsMesh(Judgement j, JsonElement container)
    {
        foreach (var name in j.Settings.MeshContainers)
        {
            if (PodView.HasName(container, name))
                return true;
        }
        return false;
    }
}
