using System.Text.Json.Nodes;

namespace Sluice.Testing.Cluster;

/// <summary>meta/v1 Status, the body of every error of an API server.</summary>
public static class ApiStatus
{
    public static string Json(int code, string reason, string message) => new JsonObject
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["status"] = "Failure",
        ["message"] = message,
        ["reason"] = reason,
        ["code"] = code,
    }.ToJsonString();
}
