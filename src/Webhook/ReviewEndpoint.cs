using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Sluice.Webhook;

/// <summary>
/// What is the same for every path that answers AdmissionReviews: one body in, of one type and a limited size; one review out,
/// or an HTTP error where no review can answer.
/// </summary>
internal abstract class ReviewEndpoint(TimeProvider time, ILogger logger)
{
    /// <summary>Bytes: a 3 MiB object (the API server's limit for one request) and its old version.</summary>
    public const int MaxBody = 6 * 1024 * 1024;

    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        if (!IsJson(context.Request.ContentType))
        {
            await RefuseAsync(context, StatusCodes.Status415UnsupportedMediaType, "Content-Type must be application/json", started);
            return;
        }
        using var body = await RequestBody.ReadAsync(context.Request, MaxBody, context.RequestAborted);
        if (body is null)
        {
            await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "the body is larger than 6 MiB, which no AdmissionReview is", started);
            return;
        }

        var buffers = AdmissionBuffers.Rent();
        if (await ReviewAsync(body.Memory, buffers, started, context.RequestAborted) is { } refusal)
        {
            buffers.Return();
            await RefuseAsync(context, StatusCodes.Status400BadRequest, refusal, started);
            return;
        }
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffers.Answer.WrittenCount;
        context.Response.BodyWriter.Write(buffers.Answer.WrittenSpan);
        buffers.Return();
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Answers one body, and counts and logs the answer.</summary>
    /// <param name="body">What was sent.</param>
    /// <param name="buffers">Takes the answer.</param>
    /// <param name="started">A timestamp of the request's headers.</param>
    /// <param name="token">Nobody waits for the answer any more.</param>
    /// <returns>Null, or why there is no answer: the review has no uid.</returns>
    protected abstract ValueTask<string?> ReviewAsync(ReadOnlyMemory<byte> body, AdmissionBuffers buffers, long started, CancellationToken token);

    /// <summary>Counts a request that got an HTTP error instead of a review.</summary>
    protected abstract void CountRefused(TimeSpan elapsed);

    protected TimeProvider Time => time;

    protected TimeSpan Since(long started) => time.GetElapsedTime(started);

    private async Task RefuseAsync(HttpContext context, int status, string message, long started)
    {
        var line = AdmissionResponse.OneLine(message, 1024);
        CountRefused(Since(started));
        Log.Refused(logger, status, line);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        var bytes = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{line}\n"));
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static bool IsJson(string? contentType) =>
        contentType is "application/json"
        || (MediaTypeHeaderValue.TryParse(contentType, out var parsed)
            && string.Equals(parsed.MediaType, "application/json", StringComparison.OrdinalIgnoreCase)
            && (parsed.CharSet is null || string.Equals(parsed.CharSet.Trim('"'), "utf-8", StringComparison.OrdinalIgnoreCase)));

    /// <summary>What others wrote, at a length that a log line bears.</summary>
    protected static string Short(string text) => AdmissionResponse.OneLine(text, 512);
}
