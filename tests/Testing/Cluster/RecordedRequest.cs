using Microsoft.AspNetCore.Http;

namespace Sluice.Testing.Cluster;

/// <summary>What a client asked.</summary>
public sealed record RecordedRequest(
    string Method, string Path, IReadOnlyDictionary<string, string> Query, string? Authorization, string? ContentType, byte[] Body, string Protocol,
    string? ClientCertificate)
{
    public static async Task<RecordedRequest> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        return new RecordedRequest(
            request.Method,
            request.Path.Value!,
            request.Query.ToDictionary(q => q.Key, q => q.Value.ToString(), StringComparer.Ordinal),
            request.Headers.Authorization is [var authorization] ? authorization : null,
            request.ContentType,
            body.ToArray(),
            request.Protocol,
            request.HttpContext.Connection.ClientCertificate?.Subject);
    }
}
