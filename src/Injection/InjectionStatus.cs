using System.Buffers;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>The annotation that tells people and tools what was injected. Nothing is granted because of it.</summary>
internal static class InjectionStatus
{
    private const string Version = "v1";

    public static void Write(IBufferWriter<byte> output, Judgement j)
    {
        var writer = ThreadWriter.ForPiece(output);
        writer.WriteStartObject();
        writer.WriteString("version"u8, Version);
        writer.WriteStartArray("datasets"u8);
        foreach (var session in j.Sessions)
        {
            writer.WriteStartObject();
            writer.WriteString("namespace"u8, session.Dataset.Name.Namespace);
            writer.WriteString("name"u8, session.Dataset.Name.Name);
            writer.WriteString("container"u8, session.Names.Base);
            writer.WriteString("volume"u8, session.DataVolume);
            if (session.MountPath is not null)
                writer.WriteString("mountPath"u8, session.MountPath);
            writer.WriteString("access"u8, session.Access == Access.ReadWrite ? "rw"u8 : "ro"u8);
            writer.WriteString("delivery"u8, j.Delivery == Delivery.Csi ? "Csi"u8 : "Shared"u8);
            writer.WriteString("profile"u8, session.Profile.Name);
            if (session.MountPath is not null)
            {
                writer.WriteStartArray("containers"u8);
                foreach (var i in session.InitRecipients)
                    WriteName(writer, j.Pod.InitContainers[i]);
                foreach (var i in session.Recipients)
                    WriteName(writer, j.Pod.Containers[i]);
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
    }

    private static void WriteName(Utf8JsonWriter writer, JsonElement container)
    {
        if (container.TryGetProperty("name"u8, out var name))
            name.WriteTo(writer);
    }

    /// <summary>
    /// The containers that an earlier injection of this pod gave the data to: those which mount it and those which the
    /// annotation names. Null when neither tells anything.
    /// </summary>
    public static HashSet<string>? RecipientsBefore(PodView pod, Session session)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var list in (ReadOnlySpan<JsonElement[]>)[pod.InitContainers, pod.Containers])
        {
            foreach (var container in list)
            {
                if (!PodView.IsReserved(container) && Mounts.FindVolume(container, session.DataVolume) is not null)
                    names.Add(PodView.NameOf(container));
            }
        }
        ReadNames(pod.Annotation(Names.StatusAnnotation), session, names);
        return names.Count == 0 ? null : names;
    }

    private static void ReadNames(string? status, Session session, HashSet<string> names)
    {
        if (status is null || status.Length > 64 * 1024) // far above what eight datasets need
            return;
        try
        {
            using var document = JsonDocument.Parse(status);
            if (PodView.Array(document.RootElement, "datasets"u8) is not { ValueKind: JsonValueKind.Array } datasets)
                return;
            foreach (var dataset in datasets.EnumerateArray())
            {
                if (PodView.Text(dataset, "container") != session.Names.Base || PodView.Array(dataset, "containers"u8) is not { ValueKind: JsonValueKind.Array } containers)
                    continue;
                foreach (var name in containers.EnumerateArray())
                {
                    if (name.ValueKind == JsonValueKind.String)
                        names.Add(name.GetString()!);
                }
            }
        }
        catch (JsonException)
        {
            // Somebody else's text under our key: it tells nothing, and is written anew.
        }
    }
}
