using Sluice.Injection;

namespace Sluice.Webhook.Validation;

/// <summary>
/// <c>POST /validate</c>: what the schemas cannot say about our own kinds. Whatever happens, a review that has a uid is answered
/// by a review with that uid, and an object that could not be judged is not admitted.
/// </summary>
internal sealed class ResourceEndpoint(CatalogState catalog, Telemetry telemetry, TimeProvider time, ILogger<ResourceEndpoint> logger)
    : ReviewEndpoint(time, logger)
{
    public const string Path = "/validate";

    protected override ValueTask<string?> ReviewAsync(ReadOnlyMemory<byte> body, AdmissionBuffers buffers, long started, CancellationToken token) =>
        ValueTask.FromResult(Review(body, buffers, started));

    private string? Review(ReadOnlyMemory<byte> body, AdmissionBuffers buffers, long started)
    {
        using var document = ReviewText.TryParse(body, out var problem);
        Verdict? verdict;
        ResourceReview review;
        if (document is null)
            (review, verdict) = (new(new AdmissionReview { Uid = ReviewText.FindUid(body.Span) }), new(VerdictReason.BadRequest, 400, problem));
        else
            review = ResourceReview.Read(document.RootElement, out verdict);
        if (review.Request.Uid is not { } uid)
            return verdict!.Message;
        verdict ??= Judge(review, catalog.Current);
        AdmissionResponse.Write(buffers.Writer, review.Request.ApiVersion, uid, verdict);
        Report(review, verdict, started);
        return null;
    }

    protected override void CountRefused(TimeSpan elapsed) => telemetry.Validated("", nameof(VerdictReason.BadRequest), elapsed);

    private Verdict Judge(in ResourceReview review, Catalog snapshot)
    {
        try
        {
            return ResourceJudge.Judge(review, snapshot);
        }
#pragma warning disable CA1031 // Closed: whatever went wrong, this object is not admitted, and the next one gets its own chance.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.ValidationFailed(logger, e, Short(review.Request.Uid!), Short(review.FullName));
            return new(VerdictReason.Internal, 500, $"internal error in Sluice's webhook, {review.FullName} was not admitted: see the webhook's log for uid {review.Request.Uid}");
        }
    }

    private void Report(in ResourceReview review, Verdict verdict, long started)
    {
        var elapsed = Since(started);
        telemetry.Validated(verdict.Reason == VerdictReason.NotApplicable ? "" : review.Kind, verdict.Reason.ToString(), elapsed);
        Log.Validated(
            logger, Short(review.Request.Uid!), Short(review.Request.Operation), Short(review.FullName), Short(review.Request.User), verdict.Reason,
            Math.Round(elapsed.TotalMilliseconds, 3), Short(verdict.Message ?? ""));
    }
}
