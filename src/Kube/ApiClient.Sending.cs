using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Sluice.Kube;

// One call: paced, authorised, and repeated within its deadline where a second attempt cannot do twice what was asked once.
public sealed partial class ApiClient
{
    private const int MaxObject = 32 * 1024 * 1024; // bytes of an answer that is kept whole; an API server's objects are below 3 MiB
    private const int MaxStatus = 64 * 1024; // bytes of an error that are read; arbitrary

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    /// <summary>Sends until there is an answer that is no error, which the caller disposes.</summary>
    /// <exception cref="ApiException">An error that no retry can mend, or the time is up.</exception>
    private async Task<HttpResponseMessage> SendAsync(Call call, HttpCompletionOption completion, Deadline deadline)
    {
        var backoff = new Backoff(FirstRetry, LongestRetry);
        var renewed = false;
        ApiException? last = null;
        try
        {
            while (true)
            {
                var attempt = await AttemptAsync(call, completion, deadline.Token);
                if (attempt.Response is { } response)
                    return response;
                last = attempt.Error!;
                if (last.StatusCode == 401 && !renewed)
                {
                    renewed = true;
                    await RenewAsync(call, deadline.Token);
                    continue;
                }
                if (!MayRetry(call, last))
                    throw last;
                var delay = last.RetryAfter ?? backoff.Next();
                if (delay >= deadline.Remaining)
                    throw last;
                await Task.Delay(delay, _time, deadline.Token);
            }
        }
        catch (OperationCanceledException e) when (deadline.IsOver)
        {
            throw TimeIsUp(call, deadline, last, e);
        }
    }

    /// <summary>One request. What the server refused, or did not answer, is a value here; only cancellation is thrown.</summary>
    private async Task<(HttpResponseMessage? Response, ApiException? Error)> AttemptAsync(Call call, HttpCompletionOption completion, CancellationToken token)
    {
        if (_options.Limit is { } limit && call.Verb != "watch")
            await limit.WaitAsync(token);
        using var request = new HttpRequestMessage(call.Method, call.Path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        if (_access.TlsServerName is { } name)
            request.Headers.Host = name; // also what the handler takes for the name in the certificate
        if (call.ContentType is not null)
        {
            request.Content = new ReadOnlyMemoryContent(call.Body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(call.ContentType);
        }
        try
        {
            request.Headers.Authorization = await _access.AuthorizeAsync(token);
            var response = await _http.SendAsync(request, completion, token);
            if (response.IsSuccessStatusCode)
                return (response, null);
            using (response)
                return (null, await ErrorAsync(call, response, token));
        }
        catch (ClusterAccessException e)
        {
            return (null, new ApiException(call.Verb, call.Target, 0, ApiException.NoCredentials, e.Message, inner: e));
        }
        catch (Exception e) when (IsCut(e))
        {
            return (null, Unanswered(call, e));
        }
    }

    private async Task RenewAsync(Call call, CancellationToken token)
    {
        try
        {
            await _access.RenewAsync(token);
        }
        catch (ClusterAccessException e)
        {
            throw new ApiException(call.Verb, call.Target, 401, ApiException.NoCredentials, e.Message, inner: e);
        }
    }

    /// <summary>
    /// Calls that only read, or that ask for a state and not for a step towards it, are repeated after anything that may pass. Others only
    /// when the server says with Retry-After that it did not take them.
    /// </summary>
    private static bool MayRetry(Call call, ApiException error) => call.Verb != "watch" && error switch
    {
        { Reason: ApiException.NoCredentials } => false,
        { StatusCode: 429 } => true,
        { StatusCode: 500 or 502 or 503 or 504 } => call.Safe || error.RetryAfter is not null,
        { StatusCode: 0 } => call.Safe && error.InnerException is not HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.SecureConnectionError },
        _ => false,
    };

    private async Task<ApiException> ErrorAsync(Call call, HttpResponseMessage response, CancellationToken token)
    {
        var body = new byte[MaxStatus];
        await using var stream = await response.Content.ReadAsStreamAsync(token);
        var length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, token);
        return ApiException.Of(call.Verb, call.Target, (int)response.StatusCode, body.AsSpan(0, length), RetryAfter(response));
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        if (response.Headers.RetryAfter is not { } header)
            return null;
        var wait = header.Delta ?? header.Date - _time.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private ApiException Unanswered(Call call, Exception e)
    {
        // The outer message of a failed handshake says only that it failed; the certificate's fault stands inside.
        var detail = e.InnerException is { } inner && e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } ? $"{e.Message} {inner.Message}" : e.Message;
        return new ApiException(call.Verb, call.Target, 0, ApiException.Unreachable, $"no answer from {_access.Address}: {detail}", inner: e);
    }

    private static ApiException TimeIsUp(Call call, Deadline deadline, ApiException? last, Exception inner)
    {
        var limit = deadline.Limit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        var before = last is null ? "" : $"; before that: {last.StatusMessage}";
        return new ApiException(call.Verb, call.Target, 0, ApiException.DeadlineExceeded, $"no answer within {limit} s{before}", inner: inner);
    }

    private static bool IsCut(Exception e) => e is HttpRequestException or IOException;

    /// <summary>What is asked, and of what.</summary>
    /// <param name="Verb">As RBAC names it.</param>
    /// <param name="Method">Of HTTP.</param>
    /// <param name="Path">With the query.</param>
    /// <param name="Target">As messages name it.</param>
    /// <param name="Safe">Asked twice it does no more than asked once.</param>
    /// <param name="Body">Empty without <paramref name="ContentType"/>.</param>
    /// <param name="ContentType">Null: no body.</param>
    private sealed record Call(string Verb, HttpMethod Method, string Path, string Target, bool Safe, ReadOnlyMemory<byte> Body = default, string? ContentType = null);

    /// <summary>The end of a call's time, on our clock, together with the caller's own.</summary>
    private sealed class Deadline : IDisposable
    {
        private readonly CancellationTokenSource _over;
        private readonly CancellationTokenSource _either;
        private readonly CancellationToken _caller;
        private readonly TimeProvider _time;
        private readonly long _started;

        public Deadline(TimeSpan limit, TimeProvider time, CancellationToken caller)
        {
            Limit = limit;
            _time = time;
            _caller = caller;
            _started = time.GetTimestamp();
            _over = new CancellationTokenSource(limit, time);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, caller);
        }

        public TimeSpan Limit { get; }
        public CancellationToken Token => _either.Token;
        public TimeSpan Remaining => Limit == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : Limit - _time.GetElapsedTime(_started);

        /// <summary>The time is up, and not only the caller's patience.</summary>
        public bool IsOver => _over.IsCancellationRequested && !_caller.IsCancellationRequested;

        public void Dispose()
        {
            _either.Dispose();
            _over.Dispose();
        }
    }
}
