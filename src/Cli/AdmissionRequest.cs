using System.Text.Json;

namespace Sluice.Cli;

/// <summary>The AdmissionReview (admission.k8s.io/v1) that an API server sends before it creates a pod.</summary>
internal static class AdmissionRequest
{
    public static ReadOnlyMemory<byte> Of(PodTarget target, string uid) => JsonNodes.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("kind", "AdmissionReview");
        json.WriteString("apiVersion", "admission.k8s.io/v1");
        json.WriteStartObject("request");
        json.WriteString("uid", uid);
        WriteGroupVersion(json, "kind", "kind", "Pod");
        WriteGroupVersion(json, "resource", "resource", "pods");
        WriteGroupVersion(json, "requestKind", "kind", "Pod");
        WriteGroupVersion(json, "requestResource", "resource", "pods");
        if (target.IsPod && !target.Name.EndsWith('*'))
            json.WriteString("name", target.Name);
        json.WriteString("namespace", target.Namespace);
        json.WriteString("operation", "CREATE");
        json.WriteStartObject("userInfo");
        json.WriteString("username", "sluice-admit");
        json.WriteEndObject();
        json.WritePropertyName("object");
        json.WriteRawValue(target.ToPod().Span, skipInputValidation: true);
        json.WriteNull("oldObject");
        json.WriteBoolean("dryRun", true);
        json.WriteStartObject("options");
        json.WriteString("kind", "CreateOptions");
        json.WriteString("apiVersion", "meta.k8s.io/v1");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static void WriteGroupVersion(Utf8JsonWriter json, string member, string what, string name)
    {
        json.WriteStartObject(member);
        json.WriteString("group", "");
        json.WriteString("version", "v1");
        json.WriteString(what, name);
        json.WriteEndObject();
    }
}
