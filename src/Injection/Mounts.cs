using System.Text.Json;

namespace Sluice.Injection;

/// <summary>Looking up volumeMounts of raw containers.</summary>
internal static class Mounts
{
    public static JsonElement Of(JsonElement container) => PodView.Array(container, "volumeMounts"u8);

    /// <summary>The mount of <paramref name="volume"/> at <paramref name="path"/>.</summary>
    public static JsonElement? Find(JsonElement container, string volume, string path)
    {
        foreach (var mount in Enumerate(container))
        {
            if (PodView.HasName(mount, volume) && IsAt(mount, path))
                return mount;
        }
        return null;
    }

    public static JsonElement? FindVolume(JsonElement container, string volume)
    {
        foreach (var mount in Enumerate(container))
        {
            if (PodView.HasName(mount, volume))
                return mount;
        }
        return null;
    }

    public static JsonElement? FindPath(JsonElement container, string path)
    {
        foreach (var mount in Enumerate(container))
        {
            if (IsAt(mount, path))
                return mount;
        }
        return null;
    }

    public static JsonElement.ArrayEnumerator Enumerate(JsonElement container) =>
        Of(container) is { ValueKind: JsonValueKind.Array } mounts ? mounts.EnumerateArray() : default;

    public static bool IsAt(JsonElement mount, string path)
    {
        if (!mount.TryGetProperty("mountPath"u8, out var at) || at.ValueKind != JsonValueKind.String)
            return false;
        return at.ValueEquals(path) || (at.GetString() is ['/', .., '/'] written && MountPaths.Clean(written) == path);
    }
}
