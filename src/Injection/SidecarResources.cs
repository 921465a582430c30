using Sluice.Api;

namespace Sluice.Injection;

/// <summary>One amount of one resource, and whether a person asked for it (then a bound refuses it, where a default is bent).</summary>
internal readonly record struct ResourceAmount(string Key, Quantity Value, bool Asked);

/// <summary>The resources of one sidecar, merged from all who have a say, by key in ordinal order.</summary>
internal sealed class SidecarResources
{
    public List<ResourceAmount> Requests { get; } = new(3);
    public List<ResourceAmount> Limits { get; } = new(3);

    /// <summary>The key whose limit was asked to be 0, which means none; the first of several, null when there is none.</summary>
    public string? Unlimited => _unlimited?[0];

    private List<string>? _unlimited;

    public bool IsUnlimited(string key) => _unlimited?.Contains(key) == true;

    public void Merge(ResourceRequirements layer, bool asked)
    {
        foreach (var (key, value) in layer.Requests)
            Set(Requests, key, value, asked);
        foreach (var (key, value) in layer.Limits)
            Set(Limits, key, value, asked);
    }

    public void Set(bool limit, string key, Quantity value) => Set(limit ? Limits : Requests, key, value, asked: true);

    public static Quantity? Find(List<ResourceAmount> amounts, string key)
    {
        foreach (var amount in amounts)
        {
            if (amount.Key == key)
                return amount.Value;
        }
        return null;
    }

    public static void Set(List<ResourceAmount> amounts, string key, Quantity value, bool asked)
    {
        var i = 0;
        while (i < amounts.Count && string.CompareOrdinal(amounts[i].Key, key) < 0)
            i++;
        if (i < amounts.Count && amounts[i].Key == key)
            amounts[i] = new ResourceAmount(key, value, asked);
        else
            amounts.Insert(i, new ResourceAmount(key, value, asked));
    }

    /// <summary>Takes limits of 0 out and remembers the first.</summary>
    public void LiftLimits()
    {
        for (var i = Limits.Count - 1; i >= 0; i--)
        {
            if (!Limits[i].Value.IsZero)
                continue;
            (_unlimited ??= []).Insert(0, Limits[i].Key);
            Limits.RemoveAt(i);
        }
    }

    /// <summary>No limit is above every maximum: what has none gets the largest that is allowed, unless 0 was asked for.</summary>
    public void LimitTo(Dictionary<string, Quantity> max)
    {
        foreach (var (key, most) in max)
        {
            if (Find(Limits, key) is null)
                Set(Limits, key, most, asked: false);
        }
    }

    /// <summary>Moves what nobody asked for within <paramref name="min"/> and <paramref name="max"/>.</summary>
    public void Bend(ResourceRequirements min, ResourceRequirements max)
    {
        Bend(Requests, min.Requests, max.Requests);
        Bend(Limits, min.Limits, max.Limits);
    }

    private static void Bend(List<ResourceAmount> amounts, Dictionary<string, Quantity> min, Dictionary<string, Quantity> max)
    {
        for (var i = 0; i < amounts.Count; i++)
        {
            if (amounts[i].Asked)
                continue;
            var value = amounts[i].Value;
            if (min.TryGetValue(amounts[i].Key, out var least) && value < least)
                value = least;
            if (max.TryGetValue(amounts[i].Key, out var most) && value > most)
                value = most;
            amounts[i] = amounts[i] with { Value = value };
        }
    }

    /// <summary>
    /// The API server refuses a request above its limit. The one that nobody asked for gives way; returns the key where
    /// both were asked for.
    /// </summary>
    public string? Reconcile()
    {
        for (var i = 0; i < Requests.Count; i++)
        {
            var request = Requests[i];
            if (Find(Limits, request.Key) is not { } limit || request.Value <= limit)
                continue;
            if (!request.Asked)
                Requests[i] = request with { Value = limit };
            else if (!Limits.Exists(l => l.Key == request.Key && l.Asked))
                Set(Limits, request.Key, request.Value, asked: true);
            else
                return request.Key;
        }
        return null;
    }
}
