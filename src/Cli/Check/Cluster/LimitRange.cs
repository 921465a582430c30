using System.Text.Json;
using Sluice.Api;

namespace Sluice.Cli.Check;

/// <summary>What a LimitRange says about containers.</summary>
/// <param name="Namespace">Where.</param>
/// <param name="Name">Its name.</param>
/// <param name="Defaults">Limits for containers that name none.</param>
/// <param name="DefaultRequests">Requests for containers that name none.</param>
/// <param name="Min">Least that a container may ask for.</param>
/// <param name="Max">Most that a container may use.</param>
internal sealed record LimitRange(
    string Namespace,
    string Name,
    IReadOnlyDictionary<string, Quantity> Defaults,
    IReadOnlyDictionary<string, Quantity> DefaultRequests,
    IReadOnlyDictionary<string, Quantity> Min,
    IReadOnlyDictionary<string, Quantity> Max)
{
    /// <summary>Null when it says nothing about containers.</summary>
    public static LimitRange? Read(JsonElement item)
    {
        var limits = item.Items("spec", "limits").FirstOrDefault(l => l.Text("type") == "Container");
        return limits.ValueKind == JsonValueKind.Object
            ? new LimitRange(
                item.Text("metadata", "namespace") ?? "", item.Text("metadata", "name") ?? "",
                Quantities(limits, "default"), Quantities(limits, "defaultRequest"), Quantities(limits, "min"), Quantities(limits, "max"))
            : null;
    }

    /// <summary>What a member says by resource; what is no quantity is left out, as the API server takes none.</summary>
    public static Dictionary<string, Quantity> Quantities(JsonElement parent, string member)
    {
        var quantities = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (key, text) in parent.Map(member))
        {
            if (Quantity.TryParse(text, out var quantity))
                quantities[key] = quantity;
        }
        return quantities;
    }
}
