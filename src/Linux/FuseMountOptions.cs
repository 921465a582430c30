using System.Globalization;

namespace Sluice.Linux;

/// <summary>How every mount of the product is made: for any user, with the kernel's own permission checks, never suid or dev.</summary>
public static class FuseMountOptions
{
    /// <summary>Options of fsconfig(2) for a mount that is served through <paramref name="device"/>.</summary>
    /// <param name="device">/dev/fuse.</param>
    /// <param name="source">What /proc/self/mountinfo shows as its source.</param>
    /// <param name="maxRead">Bytes of the largest READ.</param>
    /// <param name="uid">Owner of the mount, as the kernel sees it.</param>
    /// <param name="gid">Its group.</param>
    public static IEnumerable<KeyValuePair<string, string?>> Of(FileDescriptor device, string source, int maxRead, uint uid = 0, uint gid = 0)
    {
        yield return new("source", source);
        yield return new("subtype", "sluice");
        yield return new("fd", Text(device.Number));
        yield return new("rootmode", "40000");
        yield return new("user_id", Text(uid));
        yield return new("group_id", Text(gid));
        yield return new("allow_other", null);
        yield return new("default_permissions", null);
        yield return new("max_read", Text(maxRead));
    }

    public static MountAttributes Attributes(bool readOnly, bool noExec) =>
        MountAttributes.NoSuid | MountAttributes.NoDev | (readOnly ? MountAttributes.ReadOnly : MountAttributes.None) | (noExec ? MountAttributes.NoExec : MountAttributes.None);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
