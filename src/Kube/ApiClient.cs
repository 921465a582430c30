using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Sluice.Kube;

/// <summary>
/// An API server's REST interface as raw JSON: nothing is parsed into models, so that no field that this program does not know is
/// lost. Every call has a deadline, within which it is retried where that is safe; see <c>ApiClient.Sending.cs</c>. Thread-safe.
/// </summary>
public sealed partial class ApiClient : IDisposable
{
    private readonly ClusterAccess _access;
    private readonly ApiClientOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public ApiClient(ClusterAccess access, ApiClientOptions options, TimeProvider time)
    {
        _access = access;
        _options = options;
        _time = time;
        _http = new HttpClient(access.CreateHandler())
        {
            BaseAddress = access.Address,
            Timeout = Timeout.InfiniteTimeSpan, // each call has its own deadline, on our clock
            MaxResponseContentBufferSize = MaxObject,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(options.UserAgent);
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
    }

    /// <summary>Where calls go.</summary>
    public Uri Address => _access.Address;

    /// <summary>One object.</summary>
    /// <exception cref="ApiException">It does not exist, or the call failed; like every method here.</exception>
    public Task<JsonElement> GetAsync(ApiObject target, CancellationToken token, TimeSpan? deadline = null) =>
        ObjectAsync(new Call("get", HttpMethod.Get, target.Path, target.ToString(), Safe: true), deadline, token);

    /// <summary>
    /// What the server says of itself: <c>gitVersion</c>, <c>major</c>, <c>minor</c> and more. Asked once: whoever asks wants to know
    /// whether there is a server now.
    /// </summary>
    public Task<JsonElement> VersionAsync(CancellationToken token, TimeSpan? deadline = null) =>
        ObjectAsync(new Call("get", HttpMethod.Get, "/version", "/version", Safe: false), deadline, token);

    /// <summary>One object, or null when there is none of that name.</summary>
    public async Task<JsonElement?> TryGetAsync(ApiObject target, CancellationToken token, TimeSpan? deadline = null)
    {
        try
        {
            return await GetAsync(target, token, deadline);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// One page of a list. Each object is handed to <paramref name="item"/> while the page is still arriving, and is valid only during that
    /// call. When the page fails halfway, some have been handed over already.
    /// </summary>
    public async Task<ListPage> ListPageAsync(ApiResource resource, string? nameSpace, ListQuery query, Action<JsonElement> item, CancellationToken token)
    {
        var call = new Call("list", HttpMethod.Get, resource.CollectionPath(nameSpace) + query.Text(), Collection(resource, nameSpace), Safe: true);
        using var deadline = new Deadline(_options.Deadline, _time, token);
        using var response = await SendAsync(call, HttpCompletionOption.ResponseHeadersRead, deadline);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(deadline.Token);
            return await ListReader.ReadAsync(body, item, deadline.Token);
        }
        catch (Exception e) when (IsCut(e))
        {
            throw Unanswered(call, e);
        }
        catch (JsonException e)
        {
            throw new ApiException(call.Verb, call.Target, 0, ApiException.Unreachable, $"the answer is no list: {e.Message}", inner: e);
        }
        catch (OperationCanceledException e) when (deadline.IsOver)
        {
            throw TimeIsUp(call, deadline, null, e);
        }
    }

    /// <summary>All pages of a list, one after the other; see <see cref="ListPageAsync"/>. Returns the resourceVersion of the whole.</summary>
    public async Task<string> ListAsync(ApiResource resource, string? nameSpace, ListQuery query, Action<JsonElement> item, CancellationToken token)
    {
        while (true)
        {
            var page = await ListPageAsync(resource, nameSpace, query, item, token);
            if (page.Continue is null)
                return page.ResourceVersion;
            query = query with { Continue = page.Continue };
        }
    }

    /// <summary>POST. A failure leaves open whether the object was made, unless the server said so.</summary>
    public Task<JsonElement> CreateAsync(ApiResource resource, string? nameSpace, ReadOnlyMemory<byte> body, CancellationToken token, TimeSpan? deadline = null) =>
        CreateAsync(resource, nameSpace, "", body, deadline, token);

    /// <summary>
    /// The object as it would be stored, after defaults, admission and webhooks; nothing is made. Asked once, as a real creation is, so
    /// that the answer of the first attempt is the one that is seen.
    /// </summary>
    public Task<JsonElement> DryRunCreateAsync(ApiResource resource, string? nameSpace, ReadOnlyMemory<byte> body, CancellationToken token, TimeSpan? deadline = null) =>
        CreateAsync(resource, nameSpace, "?dryRun=All", body, deadline, token);

    /// <summary>PUT. With a resourceVersion in the body only that very version is replaced.</summary>
    public Task<JsonElement> UpdateAsync(ApiObject target, ReadOnlyMemory<byte> body, CancellationToken token, TimeSpan? deadline = null) =>
        ObjectAsync(new Call("update", HttpMethod.Put, target.Path, target.ToString(), Safe: true, body, "application/json"), deadline, token);

    /// <summary>Server-side apply: the object comes to be, or its fields that <paramref name="body"/> names become what it says.</summary>
    /// <param name="target">The object.</param>
    /// <param name="body">JSON with apiVersion, kind and metadata.name.</param>
    /// <param name="fieldManager">Who owns these fields.</param>
    /// <param name="force">Whether fields that another manager owns are taken over; otherwise they are a conflict.</param>
    /// <param name="token">Ends the waiting.</param>
    /// <param name="deadline">In place of the client's.</param>
    public Task<JsonElement> ApplyAsync(ApiObject target, ReadOnlyMemory<byte> body, string fieldManager, bool force, CancellationToken token, TimeSpan? deadline = null)
    {
        var path = $"{target.Path}?fieldManager={Uri.EscapeDataString(fieldManager)}{(force ? "&force=true" : "")}";
        return ObjectAsync(new Call("patch", HttpMethod.Patch, path, target.ToString(), Safe: true, body, "application/apply-patch+yaml"), deadline, token); // JSON is YAML
    }

    /// <summary>RFC 7386.</summary>
    public Task<JsonElement> MergePatchAsync(ApiObject target, ReadOnlyMemory<byte> body, CancellationToken token, TimeSpan? deadline = null) =>
        ObjectAsync(new Call("patch", HttpMethod.Patch, target.Path, target.ToString(), Safe: true, body, "application/merge-patch+json"), deadline, token);

    /// <summary>RFC 6902. Not retried after a failure: an added list item would be there twice.</summary>
    public Task<JsonElement> JsonPatchAsync(ApiObject target, ReadOnlyMemory<byte> body, CancellationToken token, TimeSpan? deadline = null) =>
        ObjectAsync(new Call("patch", HttpMethod.Patch, target.Path, target.ToString(), Safe: false, body, "application/json-patch+json"), deadline, token);

    /// <summary>Deletes the object if it is the one that <paramref name="preconditions"/> describe; a conflict otherwise.</summary>
    public Task DeleteAsync(ApiObject target, DeletePreconditions preconditions, CancellationToken token, TimeSpan? deadline = null) =>
        ObjectAsync(new Call("delete", HttpMethod.Delete, target.Path, target.ToString(), Safe: true, DeleteOptions(preconditions), "application/json"), deadline, token);

    /// <summary>Opens a watch; whoever gets the response reads and disposes it. One attempt: the reflector knows when to come back.</summary>
    internal async Task<HttpResponseMessage> WatchAsync(ApiResource resource, string? nameSpace, ListQuery query, string resourceVersion, TimeSpan timeout, CancellationToken token)
    {
        var seconds = ((int)timeout.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var path = resource.CollectionPath(nameSpace) + query.Text(
            $"?watch=true&allowWatchBookmarks=true&resourceVersion={Uri.EscapeDataString(resourceVersion)}&timeoutSeconds={seconds}");
        var call = new Call("watch", HttpMethod.Get, path, Collection(resource, nameSpace), Safe: false);
        using var forever = new Deadline(Timeout.InfiniteTimeSpan, _time, token);
        return await SendAsync(call, HttpCompletionOption.ResponseHeadersRead, forever);
    }

    public void Dispose() => _http.Dispose();

    private Task<JsonElement> CreateAsync(ApiResource resource, string? nameSpace, string query, ReadOnlyMemory<byte> body, TimeSpan? deadline, CancellationToken token) =>
        ObjectAsync(new Call("create", HttpMethod.Post, resource.CollectionPath(nameSpace) + query, Collection(resource, nameSpace), Safe: false, body, "application/json"), deadline, token);

    private async Task<JsonElement> ObjectAsync(Call call, TimeSpan? within, CancellationToken token)
    {
        using var deadline = new Deadline(within ?? _options.Deadline, _time, token);
        using var response = await SendAsync(call, HttpCompletionOption.ResponseContentRead, deadline);
        try
        {
            return JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(token));
        }
        catch (JsonException e)
        {
            throw new ApiException(call.Verb, call.Target, 0, ApiException.Unreachable, $"the answer is no JSON: {e.Message}", inner: e);
        }
    }

    private static string Collection(ApiResource resource, string? nameSpace) =>
        nameSpace is null ? resource.ToString() : $"{resource} in namespace {nameSpace}";

    private static ReadOnlyMemory<byte> DeleteOptions(DeletePreconditions preconditions)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("apiVersion"u8, "v1"u8);
        json.WriteString("kind"u8, "DeleteOptions"u8);
        if (preconditions.Uid is not null || preconditions.ResourceVersion is not null)
        {
            json.WriteStartObject("preconditions"u8);
            if (preconditions.Uid is { } uid)
                json.WriteString("uid"u8, uid);
            if (preconditions.ResourceVersion is { } version)
                json.WriteString("resourceVersion"u8, version);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }
}
