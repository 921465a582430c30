using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>Shared delivery: the init container that puts the relay's static binary where the sidecars can run it.</summary>
internal static class Installer
{
    private const long User = 65532;

    public static void Write(Utf8JsonWriter writer, Judgement j)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, SessionNames.InstallContainer);
        writer.WriteString("image"u8, j.Settings.RelayImage);
        writer.WriteStartArray("command"u8);
        writer.WriteStringValue("/sluice-relay"u8);
        writer.WriteStringValue("install"u8);
        writer.WriteStringValue(Names.SessionPath + "/bin");
        writer.WriteEndArray();
        writer.WriteStartObject("resources"u8);
        foreach (var list in (ReadOnlySpan<string>)["limits", "requests"])
        {
            writer.WriteStartObject(list);
            writer.WriteString("cpu"u8, "100m"u8); // requests equal limits, so that a Guaranteed pod stays one
            writer.WriteString("memory"u8, "32Mi"u8);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        writer.WriteStartObject("securityContext"u8);
        Sidecar.WriteRestricted(writer, User, User);
        writer.WriteEndObject();
        writer.WriteStartArray("volumeMounts"u8);
        writer.WriteStartObject();
        writer.WriteString("name"u8, SessionNames.BinaryVolume);
        writer.WriteString("mountPath"u8, Names.SessionPath + "/bin");
        writer.WriteEndObject();
        writer.WriteStartObject();
        writer.WriteString("name"u8, SessionNames.EmptyVolume);
        writer.WriteString("mountPath"u8, Names.ServiceAccountPath);
        writer.WriteBoolean("readOnly"u8, true);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
