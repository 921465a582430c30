using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Injection;

namespace Sluice.Cli;

/// <summary>A pod, or the template that a controller makes pods of, inside a manifest.</summary>
internal sealed class PodTarget
{
    private readonly string[] _template; // members that lead from the object to its pod template; empty for a Pod

    private PodTarget(JsonObject manifest, string kind, string[] template, string fallbackNamespace)
    {
        Manifest = manifest;
        Kind = kind;
        _template = template;
        var metadata = manifest["metadata"] as JsonObject;
        Namespace = Text(metadata, "namespace") ?? fallbackNamespace;
        Name = Text(metadata, "name") ?? (Text(metadata, "generateName") is { } prefix ? prefix + "*" : "(no name)");
    }

    /// <summary>The object as the file has it; a patch is applied to it.</summary>
    public JsonObject Manifest { get; }
    public string Kind { get; }
    public string Namespace { get; }
    public string Name { get; }
    public bool IsPod => _template.Length == 0;

    /// <summary><c>deployment default/web</c></summary>
    public override string ToString() => $"{Kind.ToLowerInvariant()} {Namespace}/{Name}";

    /// <summary>Every pod and pod template in <paramref name="manifest"/>, also inside Lists; none when it is something else.</summary>
    /// <exception cref="UnusableInputException">A controller has no pod template.</exception>
    public static IEnumerable<PodTarget> In(JsonObject manifest, string fallbackNamespace)
    {
        var kind = Text(manifest, "kind") ?? "";
        if (manifest["items"] is JsonArray items && kind.EndsWith("List", StringComparison.Ordinal))
        {
            foreach (var target in items.OfType<JsonObject>().SelectMany(item => In(item, fallbackNamespace)))
                yield return target;
        }
        else if (TemplateOf(Text(manifest, "apiVersion") ?? "", kind) is { } template)
        {
            var target = new PodTarget(manifest, kind, template, fallbackNamespace);
            if (target.Template?["spec"] is not JsonObject)
                throw new UnusableInputException($"{target}: {string.Join('.', [.. template, "spec"])} is missing or no object");
            yield return target;
        }
    }

    /// <summary>Where controllers of Kubernetes itself keep their pod template. Kinds of the same name in other groups are others.</summary>
    private static string[]? TemplateOf(string apiVersion, string kind) => (apiVersion[..(apiVersion.IndexOf('/', StringComparison.Ordinal) + 1)], kind) switch
    {
        ("", "Pod") => [],
        ("", "PodTemplate") => ["template"],
        ("", "ReplicationController") => ["spec", "template"],
        ("apps/" or "extensions/", "Deployment" or "StatefulSet" or "DaemonSet" or "ReplicaSet") => ["spec", "template"],
        ("batch/", "Job") => ["spec", "template"],
        ("batch/", "CronJob") => ["spec", "jobTemplate", "spec", "template"],
        _ => null,
    };

    private JsonObject? Template => _template.Aggregate<string, JsonObject?>(Manifest, (node, member) => node?[member] as JsonObject);

    /// <summary>
    /// The pod as an API server would get it, in UTF-8. A controller names its pods after itself; their namespace is in the
    /// request alone, as it may be for a pod.
    /// </summary>
    public ReadOnlyMemory<byte> ToPod()
    {
        if (IsPod)
            return JsonNodes.ToBytes(Manifest);
        var template = Template!;
        return JsonNodes.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("apiVersion", "v1");
            json.WriteString("kind", "Pod");
            json.WritePropertyName("metadata");
            if (template["metadata"] is JsonObject metadata)
                metadata.WriteTo(json);
            else
                WriteEmptyObject(json);
            json.WritePropertyName("spec");
            template["spec"]!.WriteTo(json);
            json.WriteEndObject();
        });
    }

    /// <summary>Decides about the pod.</summary>
    public PodOutcome Decide(Catalog catalog, Trace? trace = null)
    {
        using var pod = JsonNodes.ParseDocument(ToPod());
        var patch = new System.Buffers.ArrayBufferWriter<byte>();
        var decision = PodInjector.Decide(new PodRequest(pod.RootElement, Namespace), catalog, patch, trace);
        return new PodOutcome(this)
        {
            Denial = decision.Kind == DecisionKind.Deny ? decision.Message ?? "denied without a message" : null,
            Warnings = decision.Warnings,
            Patch = decision.Kind == DecisionKind.Patch ? OnManifest(patch.WrittenMemory) : null,
            Decision = decision,
        };
    }

    /// <summary>
    /// The patch of the pod as a patch of the manifest: its paths lead into the template. A template without metadata gets
    /// one first, since the pod that was decided about had one.
    /// </summary>
    public JsonElement OnManifest(ReadOnlyMemory<byte> patch)
    {
        if (IsPod)
            return Parse(patch);
        var prefix = "/" + string.Join('/', _template);
        using var operations = JsonNodes.ParseDocument(patch);
        return Parse(JsonNodes.Write(json =>
        {
            json.WriteStartArray();
            if (Template!["metadata"] is not JsonObject && operations.RootElement.GetArrayLength() > 0)
            {
                json.WriteStartObject();
                json.WriteString("op", "add");
                json.WriteString("path", prefix + "/metadata");
                json.WritePropertyName("value");
                WriteEmptyObject(json);
                json.WriteEndObject();
            }
            foreach (var operation in operations.RootElement.EnumerateArray())
                WritePrefixed(json, operation, prefix);
            json.WriteEndArray();
        }));
    }

    private static void WritePrefixed(Utf8JsonWriter json, JsonElement operation, string prefix)
    {
        json.WriteStartObject();
        foreach (var member in operation.EnumerateObject())
        {
            if (member.Name is "path" or "from")
                json.WriteString(member.Name, prefix + member.Value.GetString());
            else
                member.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private static void WriteEmptyObject(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteEndObject();
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonNodes.ParseDocument(json);
        return document.RootElement.Clone();
    }

    private static string? Text(JsonObject? node, string name) =>
        node?[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;
}
