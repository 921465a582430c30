using Sluice.Api;

namespace Sluice.Injection;

/// <summary>One item of the annotation: for one dataset, or for all when <paramref name="Dataset"/> is null.</summary>
internal readonly record struct SidecarResourcesAnnotationItem(string? Dataset, bool Limit, string Key, Quantity Value);

/// <summary>The grammar of <c>sluice.io/sidecar-resources</c>: comma-separated <c>[dataset:](requests|limits).KEY=QUANTITY</c>.</summary>
internal static class SidecarResourcesAnnotation
{
    private const int MaxItems = 64; // arbitrary, far above 8 datasets with every key

    /// <summary>Returns null and the items, or a sentence that says which item is wrong.</summary>
    public static string? Parse(string text, List<SidecarResourcesAnnotationItem> items)
    {
        foreach (var range in text.AsSpan().Split(','))
        {
            var item = text.AsSpan(range).Trim();
            var written = item.ToString();
            if (items.Count == MaxItems)
                return $"it has more than {MaxItems} items";
            string? dataset = null;
            var colon = item.IndexOf(':');
            if (colon >= 0)
            {
                dataset = item[..colon].Trim().ToString();
                item = item[(colon + 1)..].Trim();
            }
            var equals = item.IndexOf('=');
            var dot = item.IndexOf('.');
            if (equals < 0 || dot < 0 || dot > equals || item[..dot] is not ("requests" or "limits"))
                return $"\"{written}\" is not of the form [dataset:]requests.cpu=100m or limits.memory=2Gi";
            var key = item[(dot + 1)..equals];
            if (key is not ("cpu" or "memory" or "ephemeral-storage"))
                return $"\"{written}\" names the resource \"{key}\": only cpu, memory and ephemeral-storage can be set";
            if (!Quantity.TryParse(item[(equals + 1)..].ToString(), out var value))
                return $"\"{written}\" has no quantity such as 100m or 2Gi";
            items.Add(new SidecarResourcesAnnotationItem(dataset, item[..dot] is "limits", key.ToString(), value));
        }
        return null;
    }
}
