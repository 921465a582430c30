namespace Sluice.Cli.Check;

/// <summary>Results for programs: one object, its checks in their order.</summary>
internal static class CheckJson
{
    public static ReadOnlyMemory<byte> Of(Uri address, IReadOnlyList<NamedResult> results) => JsonNodes.Write(
        json =>
        {
            json.WriteStartObject();
            json.WriteString("server", address.ToString());
            json.WriteString("verdict", CheckText.Word(results.Max(r => r.Result.Verdict)));
            json.WriteStartArray("checks");
            foreach (var (name, result) in results)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("verdict", CheckText.Word(result.Verdict));
                json.WriteString("summary", result.Summary);
                json.WriteStartArray("findings");
                foreach (var finding in result.Findings)
                {
                    json.WriteStartObject();
                    json.WriteString("verdict", CheckText.Word(finding.Verdict));
                    json.WriteString("object", finding.Object);
                    json.WriteString("cause", finding.Cause);
                    json.WriteString("next", finding.Remedy);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        },
        indented: true);
}
