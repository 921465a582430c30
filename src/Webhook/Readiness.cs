using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Webhook.Certificates;

namespace Sluice.Webhook;

/// <summary>
/// <c>/readyz</c>: whether admissions may come here, and if not, why. The body is for people and tests; probes look at the status.
/// </summary>
internal sealed class Readiness(CatalogState catalog, ServingCertificate certificate, TimeProvider time)
{
    // Relaxed: nobody puts this page into HTML, and messages are full of quotes.
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private volatile bool _rehearsed;
    private volatile bool _stopping;

    /// <summary>The code of a decision has run once, so that the first pod does not wait for it.</summary>
    public void Rehearsed() => _rehearsed = true;

    /// <summary>From now on never ready again.</summary>
    public void Stop() => _stopping = true;

    public bool IsStopping => _stopping;

    public bool IsReady => !_stopping && _rehearsed && catalog.IsLoaded && certificate.IsLoaded;

    public async Task HandleAsync(HttpContext context)
    {
        var ready = IsReady;
        context.Response.StatusCode = ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using (var writer = new Utf8JsonWriter(context.Response.BodyWriter, Readable))
            Write(writer, ready);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private void Write(Utf8JsonWriter writer, bool ready)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("ready"u8, ready);
        writer.WriteStartArray("reasons"u8);
        foreach (var reason in Reasons())
            writer.WriteStringValue(reason);
        writer.WriteEndArray();
        WriteCatalog(writer);
        WriteCertificate(writer);
        writer.WriteString("version"u8, BuildInfo.Version);
        writer.WriteEndObject();
    }

    private IEnumerable<string> Reasons()
    {
        if (_stopping)
            yield return "stopping";
        if (!catalog.IsLoaded)
            yield return catalog.Errors.Count == 0 ? "the catalog is not loaded yet" : "the catalog could not be loaded";
        if (!certificate.IsLoaded)
            yield return certificate.Error is null ? "the serving certificate is not loaded yet" : "the serving certificate could not be loaded";
        if (!_rehearsed)
            yield return "still starting";
    }

    private void WriteCatalog(Utf8JsonWriter writer)
    {
        var current = catalog.Current;
        writer.WriteStartObject("catalog"u8);
        writer.WriteNumber("datasets"u8, current.DatasetCount);
        writer.WriteNumber("runtimes"u8, current.RuntimeCount);
        writer.WriteNumber("profiles"u8, current.ProfileCount);
        writer.WriteNumber("policies"u8, current.Policies.Length);
        writer.WriteNumber("namespaces"u8, current.NamespaceCount);
        if (catalog.ConfirmedAt is { } at)
            writer.WriteNumber("ageSeconds"u8, Math.Round((time.GetUtcNow() - at).TotalSeconds, 1));
        WriteErrors(writer, catalog.Errors);
        writer.WriteEndObject();
    }

    private static void WriteErrors(Utf8JsonWriter writer, IReadOnlyList<string> errors)
    {
        const int Max = 100; // arbitrary; a page, not an archive
        writer.WriteStartArray("errors"u8);
        foreach (var error in errors.Take(Max))
            writer.WriteStringValue(error);
        if (errors.Count > Max)
            writer.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"and {errors.Count - Max} more"));
        writer.WriteEndArray();
    }

    private void WriteCertificate(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("certificate"u8);
        if (certificate.NotAfter is { } notAfter)
            writer.WriteString("notAfter"u8, notAfter);
        if (certificate.Error is { } error)
            writer.WriteString("error"u8, error);
        writer.WriteEndObject();
    }
}
