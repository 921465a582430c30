using System.Text.Json;

namespace Sluice.Cli;

/// <summary>Explanations for programs: an array with one object per pod, in the order of the files.</summary>
internal static class ExplanationJson
{
    public static ReadOnlyMemory<byte> Of(IReadOnlyList<Explained> explained) => JsonNodes.Write(
        json =>
        {
            json.WriteStartArray();
            foreach (var one in explained)
                Write(json, one);
            json.WriteEndArray();
        },
        indented: true);

    private static void Write(Utf8JsonWriter json, Explained explained)
    {
        var (outcome, trace) = explained;
        var decision = outcome.Decision!;
        json.WriteStartObject();
        json.WriteString("kind", outcome.Target.Kind);
        json.WriteString("namespace", outcome.Target.Namespace);
        json.WriteString("name", outcome.Target.Name);
        json.WriteString("decision", decision.Kind.ToString());
        json.WriteString("reason", decision.Reason.ToString());
        if (outcome.Denial is not null)
        {
            json.WriteNumber("code", decision.Code);
            json.WriteString("message", outcome.Denial);
        }
        WriteStrings(json, "datasets", decision.Datasets);
        WriteStrings(json, "policies", decision.Policies);
        WriteStrings(json, "warnings", decision.Warnings);
        json.WriteNumber("patchOperations", outcome.Patch?.GetArrayLength() ?? 0);
        json.WriteStartArray("trace");
        foreach (var entry in trace.Entries)
        {
            json.WriteStartObject();
            json.WriteString("step", entry.Step.ToString());
            json.WriteString("subject", entry.Subject);
            json.WriteString("text", entry.Text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
