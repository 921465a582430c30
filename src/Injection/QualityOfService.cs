using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// The pod's QoS class, as the API server computes it: Guaranteed when every container has limits of cpu and memory and
/// its requests, where written, equal them. Pod-level resources decide alone where they name both.
/// </summary>
internal static class QualityOfService
{
    private static readonly string[] Computed = ["cpu", "memory"];

    public static bool IsGuaranteed(PodView pod)
    {
        if (pod.Containers.Length == 0)
            return false;
        if (PodView.Object(pod.Spec, "resources"u8) is { ValueKind: JsonValueKind.Object } whole && Amount(PodView.Object(whole, "limits"u8), "cpu") is not null && Amount(PodView.Object(whole, "limits"u8), "memory") is not null)
            return IsGuaranteed(whole);
        foreach (var list in (ReadOnlySpan<JsonElement[]>)[pod.Containers, pod.InitContainers])
        {
            foreach (var container in list)
            {
                if (!PodView.IsReserved(container) && !IsGuaranteed(PodView.Object(container, "resources"u8)))
                    return false;
            }
        }
        return true;
    }

    private static bool IsGuaranteed(JsonElement resources)
    {
        var limits = PodView.Object(resources, "limits"u8);
        var requests = PodView.Object(resources, "requests"u8);
        foreach (var key in Computed)
        {
            if (Amount(limits, key) is not { IsZero: false } limit || (Amount(requests, key) is { } request && request != limit))
                return false;
        }
        return true;
    }

    /// <summary>A quantity, written as text or number; null when absent or no quantity.</summary>
    public static Quantity? Amount(JsonElement map, string key)
    {
        if (map.ValueKind != JsonValueKind.Object || !map.TryGetProperty(key, out var value))
            return null;
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
        return Quantity.TryParse(text, out var quantity) ? quantity : null;
    }
}
