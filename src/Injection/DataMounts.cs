using System.Globalization;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>The mounts of data in the containers that get it.</summary>
internal static class DataMounts
{
    private const string PodUid = "POD_UID";

    /// <summary>Shared delivery needs the pod's uid in each container's environment; a variable of that name must mean it.</summary>
    public static Decision? Check(Judgement j)
    {
        if (j.Delivery != Delivery.Shared)
            return null;
        foreach (var session in j.Sessions)
        {
            foreach (var i in session.InitRecipients)
            {
                if (PodUidProblem(j, j.Pod.InitContainers[i]) is { } denial)
                    return denial;
            }
            foreach (var i in session.Recipients)
            {
                if (PodUidProblem(j, j.Pod.Containers[i]) is { } denial)
                    return denial;
            }
        }
        return null;
    }

    public static void Write(PodPatch patch, Judgement j, InitOrder order)
    {
        for (var i = 0; i < j.Pod.InitContainers.Length; i++)
            Write(patch, j, j.Pod.InitContainers[i], Paths.InitContainer(order.After(i)), s => s.InitRecipients, i);
        for (var i = 0; i < j.Pod.Containers.Length; i++)
            Write(patch, j, j.Pod.Containers[i], Paths.Container(i), s => s.Recipients, i);
    }

    private static void Write(PodPatch patch, Judgement j, JsonElement container, string path, Func<Session, List<int>> recipients, int index)
    {
        var gets = false;
        using (var append = new ListAppend(patch, path, "/volumeMounts", Mounts.Of(container).ValueKind == JsonValueKind.Array))
        {
            foreach (var session in j.Sessions)
            {
                if (!recipients(session).Contains(index))
                    continue;
                gets = true;
                if (Mounts.Find(container, session.DataVolume, session.MountPath!) is not null)
                    continue;
                WriteMount(append.Begin(), j, session);
                append.End();
                j.Trace?.Add(TraceStep.Adds, session.Dataset.FullName, $"container \"{PodView.NameOf(container)}\" gets it at {session.MountPath}");
            }
        }
        RestoreMounts(patch, j, container, path, recipients, index);
        if (gets && j.Delivery == Delivery.Shared && FindPodUid(container) is null)
        {
            using var append = new ListAppend(patch, path, "/env", PodView.Array(container, "env"u8).ValueKind == JsonValueKind.Array);
            Sidecar.WritePodUid(append.Begin());
            append.End();
        }
    }

    /// <summary>A mount of ours that somebody changed; users' own volumes are theirs.</summary>
    private static void RestoreMounts(PodPatch patch, Judgement j, JsonElement container, string path, Func<Session, List<int>> recipients, int index)
    {
        foreach (var session in j.Sessions)
        {
            if (session.UserVolume is not null || !recipients(session).Contains(index))
                continue;
            var i = 0;
            foreach (var mount in Mounts.Enumerate(container))
            {
                if (PodView.HasName(mount, session.DataVolume))
                {
                    using var wanted = Fragment.Parse(writer => WriteMount(writer, j, session));
                    if (!Json.Covers(mount, wanted.RootElement))
                        patch.Set(string.Create(CultureInfo.InvariantCulture, $"{path}/volumeMounts/{i}"), exists: true, wanted.RootElement);
                }
                i++;
            }
        }
    }

    private static void WriteMount(Utf8JsonWriter writer, Judgement j, Session session)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, session.DataVolume);
        writer.WriteString("mountPath"u8, session.MountPath);
        if (session.Access == Access.ReadOnly)
            writer.WriteBoolean("readOnly"u8, true);
        writer.WriteString("mountPropagation"u8, "HostToContainer"u8);
        if (j.Delivery == Delivery.Shared)
            writer.WriteString("subPathExpr"u8, $"$({PodUid})/{session.Names.Suffix}");
        writer.WriteEndObject();
    }

    private static Decision? PodUidProblem(Judgement j, JsonElement container)
    {
        if (FindPodUid(container) is not { } variable || PodView.Text(PodView.Object(PodView.Object(variable, "valueFrom"u8), "fieldRef"u8), "fieldPath") == "metadata.uid")
            return null;
        return j.Deny(400, DecisionReason.Conflict, $"container \"{PodView.NameOf(container)}\" has a variable {PodUid} that is not the pod's metadata.uid, which delivery Shared needs under this name: rename the variable");
    }

    private static JsonElement? FindPodUid(JsonElement container)
    {
        if (PodView.Array(container, "env"u8) is not { ValueKind: JsonValueKind.Array } env)
            return null;
        foreach (var variable in env.EnumerateArray())
        {
            if (variable.ValueKind == JsonValueKind.Object && PodView.HasName(variable, PodUid))
                return variable;
        }
        return null;
    }
}
