using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Cluster.Tests;

/// <summary>Between the tree that tests change and the bytes that are sent.</summary>
internal static class Json
{
    public static byte[] Bytes(JsonNode item) => JsonSerializer.SerializeToUtf8Bytes(item);

    public static JsonObject Object(JsonElement item) => JsonObject.Create(item)!;

    /// <summary>An object as JSON text.</summary>
    public static JsonObject Parse(string text) => JsonNode.Parse(text)!.AsObject();
}
