using System.Globalization;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>The user's own volumes and mounts of a dataset: completed member by member, everything else stays.</summary>
internal static class UserVolumes
{
    public static void Write(PodPatch patch, Judgement j, InitOrder order)
    {
        foreach (var session in j.Sessions)
        {
            if (session.UserVolume is not { } index)
                continue;
            var path = Paths.Volume(index);
            if (session.ByClaim)
                WriteReadOnly(patch, session, $"{path}/persistentVolumeClaim", PodView.Object(j.Pod.Volumes[index], "persistentVolumeClaim"u8));
            else
                WriteCsi(patch, session, $"{path}/csi", PodView.Object(j.Pod.Volumes[index], "csi"u8));
            for (var i = 0; i < j.Pod.InitContainers.Length; i++)
                WritePropagation(patch, session, j.Pod.InitContainers[i], Paths.InitContainer(order.After(i)));
            for (var i = 0; i < j.Pod.Containers.Length; i++)
                WritePropagation(patch, session, j.Pod.Containers[i], Paths.Container(i));
        }
    }

    private static void WriteCsi(PodPatch patch, Session session, string path, JsonElement csi)
    {
        WriteReadOnly(patch, session, path, csi);
        var attributes = PodView.Object(csi, "volumeAttributes"u8);
        foreach (var key in Volumes.AttributeKeys)
        {
            var value = Volumes.Attribute(session, Names.VolumeAttributes.RoleData, key);
            var exists = attributes.TryGetProperty(key, out var present);
            if (!exists || !PodView.Is(present, value))
                patch.Set($"{path}/volumeAttributes/{key}", exists, value);
        }
    }

    private static void WriteReadOnly(PodPatch patch, Session session, string path, JsonElement source)
    {
        if (session.Access == Access.ReadOnly && !PodView.IsTrue(source, "readOnly"u8))
            patch.SetTrue($"{path}/readOnly", source.TryGetProperty("readOnly"u8, out _));
    }

    /// <summary>
    /// The FUSE mount appears on top of the volume when the sidecar connects, so that mounts of it must follow the host's.
    /// What the user wrote about propagation stays; beside recursiveReadOnly the API server demands that there is none.
    /// </summary>
    private static void WritePropagation(PodPatch patch, Session session, JsonElement container, string path)
    {
        if (PodView.IsReserved(container))
            return;
        var i = 0;
        foreach (var mount in Mounts.Enumerate(container))
        {
            if (PodView.HasName(mount, session.DataVolume) && PodView.Text(mount, "mountPropagation") is null && PodView.Text(mount, "recursiveReadOnly") is null or "Disabled")
                patch.Set(string.Create(CultureInfo.InvariantCulture, $"{path}/volumeMounts/{i}/mountPropagation"), exists: false, "HostToContainer");
            i++;
        }
    }
}
