using System.Buffers;
using Sluice.Injection;

namespace Sluice.Webhook;

/// <summary>The decision about one pod: <see cref="PodInjector.Decide(PodRequest, Catalog, IBufferWriter{byte}, Trace)"/>, or a test's own.</summary>
internal delegate Decision DecidePod(PodRequest request, Catalog catalog, IBufferWriter<byte> patch);

/// <summary>
/// <c>POST /mutate</c>: read, decide, answer. Whatever happens, a review that has a uid is answered by a review with that uid,
/// and a pod is admitted only with all of its patch or with none.
/// </summary>
internal sealed class AdmissionEndpoint(
    CatalogState catalog, DecidePod decide, Telemetry telemetry, TimeProvider time, ILogger<AdmissionEndpoint> logger, CatalogLookup? lookup = null)
    : ReviewEndpoint(time, logger)
{
    public const string Path = "/mutate";

    internal static readonly Decision NotApplicable = new(DecisionKind.Unchanged, DecisionReason.NotApplicable);

    protected override async ValueTask<string?> ReviewAsync(ReadOnlyMemory<byte> body, AdmissionBuffers buffers, long started, CancellationToken token)
    {
        var snapshot = catalog.Current;
        var answer = Answer(body, buffers, snapshot);
        if (answer.Decision.Miss is not null && lookup is not null)
            answer = await AnswerWithLookupAsync(lookup, body, buffers, snapshot, answer, token);
        if (answer.Review.Uid is null)
            return answer.Decision.Message;
        Report(answer, started);
        return null;
    }

    protected override void CountRefused(TimeSpan elapsed) => telemetry.Refused(elapsed);

    /// <summary>
    /// Decides about one body and writes the answer into <paramref name="buffers"/>, unless the review has no uid: then the
    /// decision's message is all there is to say. Touches nothing else, so that the start can rehearse it.
    /// </summary>
    internal Answered Answer(ReadOnlyMemory<byte> body, AdmissionBuffers buffers, Catalog snapshot)
    {
        using var document = ReviewText.TryParse(body, out var problem);
        if (document is null)
            return Write(new AdmissionReview { Uid = ReviewText.FindUid(body.Span) }, Malformed(problem!), buffers);

        var review = AdmissionReview.Read(document.RootElement, out var settled);
        if (settled is not null)
            return Write(review, settled, buffers);
        try
        {
            var decision = decide(new PodRequest(review.Pod, review.Namespace, review.Operation, review.User), snapshot, buffers.Patch);
            if (lookup is not null && decision.Reason != DecisionReason.NotApplicable && snapshot.FindNamespace(review.Namespace) is null)
            {
                buffers.Clear();
                return Write(review, UnknownNamespace(review.Namespace), buffers);
            }
            if (decision.Kind == DecisionKind.Patch && buffers.Patch.WrittenCount == 0)
                throw new InvalidOperationException("The decision is a patch, but there is none.");
            return Write(review, decision, buffers);
        }
#pragma warning disable CA1031 // Closed: whatever went wrong, this pod is not admitted, and the next one gets its own chance.
        catch (Exception e)
#pragma warning restore CA1031
        {
            buffers.Clear();
            return Write(review, Broken(review), buffers) with { Exception = e };
        }
    }

    /// <summary>
    /// Decides again with what <paramref name="first"/> lacked. Namespace, Dataset and pod often come in one go, and the API server knows them
    /// before our watches do: what it does not know either is refused.
    /// </summary>
    private async Task<Answered> AnswerWithLookupAsync(
        CatalogLookup lookup, ReadOnlyMemory<byte> body, AdmissionBuffers buffers, Catalog snapshot, Answered first, CancellationToken token)
    {
        var answer = first;
        using var budget = new CancellationTokenSource(CatalogLookup.Budget, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(budget.Token, token);
        // Each round finds one object, and none twice: a pod has few datasets, each with a profile and a runtime at most.
        while (answer.Decision.Miss is { } miss && await lookup.TryAddAsync(snapshot, miss, either.Token) is { } larger)
        {
            snapshot = larger;
            buffers.Clear();
            answer = Answer(body, buffers, snapshot);
        }
        return answer;
    }

    private static Answered Write(AdmissionReview review, Decision decision, AdmissionBuffers buffers)
    {
        if (review.Uid is { } uid)
            AdmissionResponse.Write(buffers.Writer, review.ApiVersion, uid, decision, buffers.Patch.WrittenSpan);
        return new Answered(review, decision, null);
    }

    private static Decision Malformed(string problem) =>
        new(DecisionKind.Deny, DecisionReason.BadRequest) { Code = 400, Message = problem };

    /// <summary>
    /// Closed: without the namespace's labels nobody knows which policies select it. The API server has checked that the namespace exists, so
    /// that it is only news to us.
    /// </summary>
    private static Decision UnknownNamespace(string name) => new(DecisionKind.Deny, DecisionReason.Internal)
    {
        Code = 500,
        Message = $"namespace \"{name}\" is not known to Sluice's webhook yet: create the pod again, and see the webhook's log if that does not help",
        Miss = new CatalogMiss(nameof(Api.Namespace), null, name),
    };

    private static Decision Broken(AdmissionReview review) => new(DecisionKind.Deny, DecisionReason.Internal)
    {
        Code = 500,
        Message = $"internal error in Sluice's webhook, the pod was not admitted: see the webhook's log for uid {review.Uid}",
    };

    private void Report(in Answered answer, long started)
    {
        var elapsed = Since(started);
        var (review, decision, exception) = answer;
        telemetry.Admitted(decision, elapsed);
        if (exception is not null)
            Log.DecisionFailed(logger, exception, Short(review.Uid!), Short(review.Namespace), Short(review.PodName));
        if (!logger.IsEnabled(LogLevel.Information))
            return;
        Log.Decided(logger, new DecisionLine(
            Short(review.Uid!),
            Short(review.Namespace),
            Short(review.PodName),
            Short(review.User),
            Words.Of(decision.Kind),
            Words.Of(decision.Reason),
            Short(Words.Join(decision.Datasets)),
            Short(Words.Join(decision.Policies)),
            Math.Round(elapsed.TotalMilliseconds, 3),
            review.DryRun,
            Short(decision.Message ?? "")));
    }

    /// <summary>What was answered to what, and the exception that made it a denial.</summary>
    internal readonly record struct Answered(AdmissionReview Review, Decision Decision, Exception? Exception);
}
