using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Kube;

namespace Sluice.Cluster.Tests;

/// <summary>
/// Single requests, once each, with whatever comes of them. Connections and credentials are those of <see cref="ApiClient"/>.
/// </summary>
internal sealed class ApiCalls : IDisposable
{
    public const string DryRun = "dryRun=All";
    public const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io";

    private readonly ClusterAccess _access;
    private readonly HttpClient _http;

    public ApiCalls(ClusterAccess access)
    {
        _access = access;
        _http = new HttpClient(access.CreateHandler()) { BaseAddress = access.Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Task<Answer> GetAsync(string path, string accept = "application/json") => SendAsync(HttpMethod.Get, path, null, accept);

    public Task<Answer> CreateAsync(JsonObject item, string query = "")
    {
        var target = Kinds.Target(item);
        return SendAsync(HttpMethod.Post, WithQuery(target.Resource.CollectionPath(target.Namespace), query), item, "application/json");
    }

    public Task<Answer> ReplaceAsync(ApiObject target, JsonObject item, string query = "") => SendAsync(HttpMethod.Put, WithQuery(target.Path, query), item, "application/json");

    public void Dispose() => _http.Dispose();

    private static string WithQuery(string path, string query) => query.Length == 0 ? path : $"{path}?{query}";

    private async Task<Answer> SendAsync(HttpMethod method, string path, JsonObject? body, string accept)
    {
        using var request = new HttpRequestMessage(method, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        if (_access.TlsServerName is { } name)
            request.Headers.Host = name;
        request.Headers.Accept.ParseAdd(accept);
        request.Headers.Authorization = await _access.AuthorizeAsync(CancellationToken.None);
        if (body is not null)
            request.Content = new ByteArrayContent(Json.Bytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        // Health pages and errors of proxies are no JSON.
        var text = response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonElement.Parse(bytes) : default;
        return new Answer((int)response.StatusCode, text, [.. Warnings(response.Headers)]);
    }

    /// <summary>RFC 9111 5.5: <c>299 - "text"</c>, in which quotes and backslashes are escaped.</summary>
    internal static IEnumerable<string> Warnings(HttpResponseHeaders headers) =>
        headers.Warning.Where(w => w.Code == 299).Select(w => w.Text.Trim('"').Replace("\\\"", "\"", StringComparison.Ordinal).Replace(@"\\", @"\", StringComparison.Ordinal));
}

/// <summary>What an API server said.</summary>
/// <param name="Code">HTTP status.</param>
/// <param name="Body">The object, or a Status.</param>
/// <param name="Warnings">Of the header Warning.</param>
internal sealed record Answer(int Code, JsonElement Body, IReadOnlyList<string> Warnings)
{
    public bool IsRefused => Code >= 400;

    /// <summary>Of a Status; empty when it is none.</summary>
    public string Message => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("message"u8, out var message) ? message.GetString() ?? "" : "";

    public JsonObject Item => Json.Object(Body);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Code} {(IsRefused ? Message : Body.ToString())} {string.Join("; ", Warnings)}");
}
