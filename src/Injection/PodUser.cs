using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Sluice.Injection;

/// <summary>
/// As whom the pod runs: the sidecar follows it, and clients show files as its own, so that an app with its own runAsUser
/// can write. The pod's securityContext counts, else what all containers that get the data agree on, else the profile's user.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct PodUser
{
    private const long DefaultId = 65532; // "nonroot" of distroless images

    private PodUser(long? sidecarUser, long? sidecarGroup, long? filesUser, long? filesGroup, long? fsGroup)
    {
        SidecarUser = sidecarUser;
        SidecarGroup = sidecarGroup;
        FilesUser = filesUser;
        FilesGroup = filesGroup;
        FsGroup = fsGroup;
    }

    /// <summary>runAsUser and runAsGroup of the sidecar, never 0; null where the platform picks them.</summary>
    public long? SidecarUser { get; }
    public long? SidecarGroup { get; }

    /// <summary>Owner and group that files are shown with; null where the platform picks them and the pod says nothing.</summary>
    public long? FilesUser { get; }
    public long? FilesGroup { get; }
    public long? FsGroup { get; }

    public static PodUser Of(Judgement j, Session session)
    {
        var profile = session.Profile.Resource.Spec.Fuse.User;
        var security = PodView.Object(j.Pod.Spec, "securityContext"u8);
        var podUser = Id(security, "runAsUser"u8) ?? Agreed(j, session, "runAsUser"u8);
        var podGroup = Id(security, "runAsGroup"u8) ?? Agreed(j, session, "runAsGroup"u8);
        var fsGroup = Id(security, "fsGroup"u8);
        var user = podUser is > 0 ? podUser : profile.RunAsUser ?? DefaultId;
        var group = fsGroup is > 0 ? fsGroup : podGroup is > 0 ? podGroup : profile.RunAsGroup ?? DefaultId;
        return new PodUser(
            profile.Omit ? null : user,
            profile.Omit ? null : group,
            podUser ?? (profile.Omit ? null : user),
            fsGroup ?? podGroup ?? (profile.Omit ? null : group),
            fsGroup ?? (profile.Omit ? null : group));
    }

    public static string? Text(long? id) => id?.ToString(CultureInfo.InvariantCulture);

    private static long? Id(JsonElement security, ReadOnlySpan<byte> name) =>
        security.ValueKind == JsonValueKind.Object && security.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out var id) && id is >= 0 and <= int.MaxValue
            ? id
            : null;

    private static long? Agreed(Judgement j, Session session, ReadOnlySpan<byte> name)
    {
        long? agreed = null;
        foreach (var i in session.Recipients)
        {
            var id = Id(PodView.Object(j.Pod.Containers[i], "securityContext"u8), name);
            if (id is null || (agreed is not null && agreed != id))
                return null;
            agreed = id;
        }
        return agreed;
    }
}
