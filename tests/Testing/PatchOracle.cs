using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.JsonPatch.SystemTextJson;

namespace Sluice.Testing;

/// <summary>
/// RFC 6902 by an implementation that is not ours, with what the API reference promises about our patches on top: only
/// four kinds of operations, and none that changes nothing.
/// </summary>
public static class PatchOracle
{
    private static readonly HashSet<string> Allowed = ["add", "replace", "remove", "move"];

    /// <summary>The document behind <paramref name="patch"/>; throws when an operation is foul or does not apply.</summary>
    public static JsonElement Apply(JsonElement document, ReadOnlyMemory<byte> patch)
    {
        var root = JsonObject.Create(document)!;
        var before = root.ToJsonString();
        using var operations = JsonDocument.Parse(patch);
        if (operations.RootElement.GetArrayLength() == 0)
            throw new InvalidOperationException("the patch is empty: the decision should have been Unchanged");
        foreach (var operation in operations.RootElement.EnumerateArray())
        {
            if (!Allowed.Contains(operation.GetProperty("op").GetString()!))
                throw new InvalidOperationException($"the API reference forbids the operation {operation}");
#pragma warning disable RS0030 // the library has its own converters and no source generation; tests run on the JIT
            JsonSerializer.Deserialize<JsonPatchDocument>($"[{operation}]")!.ApplyTo(root);
#pragma warning restore RS0030
            var after = root.ToJsonString();
            if (after == before)
                throw new InvalidOperationException($"the operation changes nothing: {operation}");
            before = after;
        }
        return JsonElement.Parse(before);
    }
}
