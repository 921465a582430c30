using System.Runtime.InteropServices;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// The raw pod, its parts found once. Only shapes that the injection relies on are checked; everything else stays as it is.
/// </summary>
internal sealed class PodView
{
    private PodView(JsonElement root)
    {
        Root = root;
    }

    public JsonElement Root { get; }
    public JsonElement Spec { get; private init; }
    public JsonElement Labels { get; private init; }
    public JsonElement Annotations { get; private init; }
    public JsonElement[] Containers { get; private init; } = [];
    public JsonElement[] InitContainers { get; private init; } = [];
    public JsonElement[] Volumes { get; private init; } = [];

    /// <summary>Reads the parts of <paramref name="root"/>; a text that says what is wrong when it is not a pod's shape.</summary>
    public static string? Read(JsonElement root, out PodView pod)
    {
        pod = new PodView(root);
        if (root.ValueKind != JsonValueKind.Object)
            return "the object is not a Pod: a JSON object is needed";
        if (!root.TryGetProperty("spec"u8, out var spec) || spec.ValueKind != JsonValueKind.Object)
            return "the Pod has no spec";
        var metadata = Object(root, "metadata"u8);
        if (metadata.ValueKind == JsonValueKind.Undefined)
            return "the Pod has no metadata";
        foreach (var name in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            if (!IsMapOfStrings(metadata, name))
                return $"metadata.{name} of the Pod is not a map of strings";
        }
        string? error = null;
        pod = new PodView(root)
        {
            Spec = spec,
            Labels = Object(metadata, "labels"u8),
            Annotations = Object(metadata, "annotations"u8),
            Containers = NamedItems(spec, "containers", ref error),
            InitContainers = NamedItems(spec, "initContainers", ref error),
            Volumes = NamedItems(spec, "volumes", ref error),
        };
        return error ?? MountsError(pod.Containers, "containers") ?? MountsError(pod.InitContainers, "initContainers");
    }

    public string? Label(ReadOnlySpan<char> name) => Text(Labels, name);
    public string? Annotation(ReadOnlySpan<char> name) => Text(Annotations, name);

    /// <summary>A string member; null when absent or no string.</summary>
    public static string? Text(JsonElement element, ReadOnlySpan<char> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>An object member; undefined when absent, null or something else.</summary>
    public static JsonElement Object(JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value
            : default;

    /// <summary>An array member; undefined when absent, null or something else.</summary>
    public static JsonElement Array(JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value
            : default;

    public static bool IsTrue(JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    public static bool HasName(JsonElement item, ReadOnlySpan<char> name) =>
        item.TryGetProperty("name"u8, out var value) && Is(value, name);

    /// <summary>Whether the value is this string; anything that is no string is not.</summary>
    public static bool Is(JsonElement value, ReadOnlySpan<char> text) =>
        value.ValueKind == JsonValueKind.String && value.ValueEquals(text);

    public static string NameOf(JsonElement item) => Text(item, "name") ?? "";

    /// <summary>Whether the item's name begins with our prefix. Reads the raw bytes: names without escapes cost no string.</summary>
    public static bool IsReserved(JsonElement item)
    {
        if (!item.TryGetProperty("name"u8, out var name) || name.ValueKind != JsonValueKind.String)
            return false;
        var raw = JsonMarshal.GetRawUtf8Value(name)[1..]; // behind the quote
        return raw.StartsWith(Names.ReservedPrefixUtf8)
            || (raw.Contains((byte)'\\') && name.GetString()!.StartsWith(Names.ReservedPrefix, StringComparison.Ordinal));
    }

    /// <summary>Index of the item with this name, or null.</summary>
    public static int? IndexOf(JsonElement[] items, ReadOnlySpan<char> name)
    {
        for (var i = 0; i < items.Length; i++)
        {
            if (HasName(items[i], name))
                return i;
        }
        return null;
    }

    private static bool IsMapOfStrings(JsonElement metadata, string name)
    {
        if (!metadata.TryGetProperty(name, out var map) || map.ValueKind == JsonValueKind.Null)
            return true;
        if (map.ValueKind != JsonValueKind.Object)
            return false;
        foreach (var member in map.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.String)
                return false;
        }
        return true;
    }

    private static JsonElement[] NamedItems(JsonElement spec, string name, ref string? error)
    {
        if (!spec.TryGetProperty(name, out var list) || list.ValueKind == JsonValueKind.Null)
            return [];
        if (list.ValueKind != JsonValueKind.Array)
        {
            error ??= $"spec.{name} of the Pod is not a list";
            return [];
        }
        var items = new JsonElement[list.GetArrayLength()];
        var i = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || (item.TryGetProperty("name"u8, out var value) && value.ValueKind != JsonValueKind.String))
            {
                error ??= $"spec.{name}[{i}] of the Pod is not an object with a name";
                return [];
            }
            items[i++] = item;
        }
        return items;
    }

    private static string? MountsError(JsonElement[] containers, string list)
    {
        for (var i = 0; i < containers.Length; i++)
        {
            if (!containers[i].TryGetProperty("volumeMounts"u8, out var mounts) || mounts.ValueKind == JsonValueKind.Null)
                continue;
            if (mounts.ValueKind != JsonValueKind.Array)
                return $"spec.{list}[{i}].volumeMounts of the Pod is not a list";
            foreach (var mount in mounts.EnumerateArray())
            {
                if (mount.ValueKind != JsonValueKind.Object)
                    return $"spec.{list}[{i}].volumeMounts of the Pod holds something that is not an object";
            }
        }
        return null;
    }
}
