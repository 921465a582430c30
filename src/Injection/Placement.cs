using System.Globalization;
using System.Text.Json;

namespace Sluice.Injection;

/// <summary>Preferred node affinity towards the nodes that hold a Runtime's cache: never a hard dependency.</summary>
internal static class Placement
{
    private const int Weight = 50; // of 100: the pod's own preferences may outweigh it

    public static void Write(PodPatch patch, Judgement j)
    {
        var affinity = PodView.Object(j.Pod.Spec, "affinity"u8);
        var nodeAffinity = PodView.Object(affinity, "nodeAffinity"u8);
        var preferred = PodView.Array(nodeAffinity, "preferredDuringSchedulingIgnoredDuringExecution"u8);
        var level = affinity.ValueKind != JsonValueKind.Object ? 0 : nodeAffinity.ValueKind != JsonValueKind.Object ? 1 : 2;
        foreach (var session in j.Sessions)
        {
            var nodes = session.Resolution.Runtime?.Status?.Nodes;
            if (nodes is not { Count: > 0 })
                continue;
            using var wanted = Fragment.Parse(writer => WriteTerm(writer, nodes));
            if (Has(preferred, wanted.RootElement))
                continue;
            j.Trace?.Add(TraceStep.Adds, session.Dataset.FullName, string.Create(CultureInfo.InvariantCulture, $"preferred node affinity to the {nodes.Count} nodes that hold the cache"));
            var writer = patch.Begin("add", level switch
            {
                0 => "/spec/affinity",
                1 => "/spec/affinity/nodeAffinity",
                _ when preferred.ValueKind != JsonValueKind.Array => "/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution",
                _ => "/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution/-",
            });
            WriteBelow(writer, level, preferred.ValueKind == JsonValueKind.Array, wanted.RootElement);
            patch.End();
            return; // one term: with several cached datasets the first one's nodes count
        }
    }

    private static void WriteBelow(Utf8JsonWriter writer, int level, bool hasList, JsonElement term)
    {
        if (level < 1)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("nodeAffinity"u8);
        }
        if (level < 2)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("preferredDuringSchedulingIgnoredDuringExecution"u8);
        }
        if (level < 2 || !hasList)
            writer.WriteStartArray();
        term.WriteTo(writer);
        if (level < 2 || !hasList)
            writer.WriteEndArray();
        if (level < 2)
            writer.WriteEndObject();
        if (level < 1)
            writer.WriteEndObject();
    }

    private static void WriteTerm(Utf8JsonWriter writer, List<string> nodes)
    {
        writer.WriteStartObject();
        writer.WriteNumber("weight"u8, Weight);
        writer.WriteStartObject("preference"u8);
        writer.WriteStartArray("matchExpressions"u8);
        writer.WriteStartObject();
        writer.WriteString("key"u8, "kubernetes.io/hostname"u8);
        writer.WriteString("operator"u8, "In"u8);
        writer.WriteStartArray("values"u8);
        foreach (var node in nodes)
            writer.WriteStringValue(node);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static bool Has(JsonElement preferred, JsonElement term)
    {
        if (preferred.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var item in preferred.EnumerateArray())
        {
            if (JsonElement.DeepEquals(item, term))
                return true;
        }
        return false;
    }
}
