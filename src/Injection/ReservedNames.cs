using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// Names that start with <c>sluice-</c> belong to the injection. A pod may bring them only as a copy of an injected pod:
/// each must be something we write for the datasets it asks for, so that nobody declares a mount of a session or of
/// credentials beforehand.
/// </summary>
internal static class ReservedNames
{
    public static Decision? Check(Judgement j)
    {
        return CheckContainers(j)
            ?? CheckVolumes(j)
            ?? CheckMounts(j);
    }

    private static Decision? CheckContainers(Judgement j)
    {
        foreach (var container in j.Pod.Containers)
        {
            if (PodView.IsReserved(container))
                return Deny(j, $"container \"{PodView.NameOf(container)}\"", "rename it");
        }
        foreach (var container in j.Pod.InitContainers)
        {
            if (PodView.IsReserved(container) && Owner(j, container) is null && !IsInstaller(j, container))
                return Deny(j, $"init container \"{PodView.NameOf(container)}\"", "rename it, or ask for the dataset that it serves");
        }
        return null;
    }

    private static Decision? CheckVolumes(Judgement j)
    {
        List<Volumes.Wanted>? wanted = null;
        foreach (var volume in j.Pod.Volumes)
        {
            if (!PodView.IsReserved(volume))
                continue;
            wanted ??= j.Sessions.Count == 0 ? [] : Volumes.Wanted.Of(j);
            var name = PodView.NameOf(volume);
            var index = wanted.FindIndex(w => w.Name == name);
            if (index < 0 || (!WasInjected(j, wanted[index].Owner) && !Matches(volume, wanted[index], j.Delivery)))
                return Deny(j, $"volume \"{name}\"", $"rename it, or mount a dataset by a volume of your own with driver {Names.CsiDriver}");
        }
        return null;
    }

    private static Decision? CheckMounts(Judgement j)
    {
        foreach (var container in j.Pod.Containers)
        {
            if (CheckMounts(j, container, j.Pod.Containers, s => s.Recipients) is { } denial)
                return denial;
        }
        foreach (var container in j.Pod.InitContainers)
        {
            var denial = Owner(j, container) is { } owner
                ? CheckSidecarMounts(j, container, owner)
                : IsInstaller(j, container) ? null : CheckMounts(j, container, j.Pod.InitContainers, s => s.InitRecipients);
            if (denial is not null)
                return denial;
        }
        return null;
    }

    /// <summary>A container of the pod may mount the data volume where the injection would, and nothing else of ours.</summary>
    private static Decision? CheckMounts(Judgement j, JsonElement container, JsonElement[] list, Func<Session, List<int>> recipients)
    {
        if (PodView.Array(container, "volumeDevices"u8) is { ValueKind: JsonValueKind.Array } devices)
        {
            foreach (var device in devices.EnumerateArray())
            {
                if (device.ValueKind == JsonValueKind.Object && PodView.IsReserved(device))
                    return Deny(j, $"container \"{PodView.NameOf(container)}\" uses volume \"{PodView.NameOf(device)}\" as a device, which", "remove the device");
            }
        }
        foreach (var mount in Mounts.Enumerate(container))
        {
            if (!PodView.IsReserved(mount))
                continue;
            var allowed = false;
            foreach (var session in j.Sessions)
            {
                if (session.UserVolume is null && session.MountPath is { } path && PodView.HasName(mount, session.Names.Base) && Mounts.IsAt(mount, path)
                    && recipients(session).Exists(i => PodView.HasName(list[i], PodView.NameOf(container))))
                {
                    allowed = true;
                }
            }
            if (!allowed)
                return DenyMount(j, container, mount);
        }
        return null;
    }

    private static Decision? CheckSidecarMounts(Judgement j, JsonElement container, Session owner)
    {
        foreach (var mount in Mounts.Enumerate(container))
        {
            if (!PodView.IsReserved(mount))
                continue;
            var name = PodView.NameOf(mount);
            if (name != owner.Names.SessionVolume && name != owner.Names.StateVolume && name != owner.Names.AuthVolume && name != owner.Names.CacheVolume
                && name != SessionNames.EmptyVolume && name != SessionNames.BinaryVolume && name != owner.Names.Base)
            {
                return DenyMount(j, container, mount);
            }
        }
        return null;
    }

    private static Session? Owner(Judgement j, JsonElement container)
    {
        foreach (var session in j.Sessions)
        {
            if (PodView.HasName(container, session.Names.Base))
                return session;
        }
        return null;
    }

    private static bool IsInstaller(Judgement j, JsonElement container) =>
        j.Sessions.Count > 0 && j.Delivery == Delivery.Shared && PodView.HasName(container, SessionNames.InstallContainer);

    private static bool WasInjected(Judgement j, Session? owner) => owner is not null
        ? owner.SidecarIndex is not null
        : j.Sessions.Exists(s => s.SidecarIndex is not null);

    private static bool Matches(JsonElement volume, Volumes.Wanted wanted, Delivery delivery)
    {
        using var document = Fragment.Parse(writer => wanted.Write(writer, delivery));
        return Json.Covers(volume, document.RootElement);
    }

    private static Decision DenyMount(Judgement j, JsonElement container, JsonElement mount) =>
        Deny(j, $"container \"{PodView.NameOf(container)}\" mounts volume \"{PodView.NameOf(mount)}\" at \"{PodView.Text(mount, "mountPath")}\", which", "remove the mount: the injection adds the data's own");

    private static Decision Deny(Judgement j, string what, string remedy) =>
        j.Deny(403, DecisionReason.ReservedName, $"{what} uses the prefix \"{Names.ReservedPrefix}\", which is reserved for what Sluice injects: {remedy}");
}
