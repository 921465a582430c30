namespace Sluice.Api.Validation;

/// <summary>Requests, limits and quantities.</summary>
internal static class ResourceRules
{
    public static void Check(string path, ResourceRequirements resources, Fail fail)
    {
        CheckNames($"{path}.requests", resources.Requests, fail);
        CheckNames($"{path}.limits", resources.Limits, fail);
        foreach (var (name, request) in resources.Requests)
        {
            // A limit of 0 means none.
            if (resources.Limits.TryGetValue(name, out var limit) && !limit.IsZero && request > limit)
                fail($"{path}.requests[{name}]", $"{request} is above the limit {limit}: lower the request or raise {path}.limits[{name}]");
        }
    }

    /// <summary>No value of <paramref name="low"/> may be above its peer in <paramref name="high"/>.</summary>
    public static void CheckOrder(string lowPath, Dictionary<string, Quantity> low, string highPath, Dictionary<string, Quantity> high, Fail fail)
    {
        foreach (var (name, value) in low)
        {
            if (high.TryGetValue(name, out var bound) && value > bound)
                fail($"{lowPath}[{name}]", $"{value} is above {highPath}[{name}], which is {bound}: lower it or raise that");
        }
    }

    private static void CheckNames(string path, Dictionary<string, Quantity> values, Fail fail)
    {
        foreach (var name in values.Keys)
        {
            if (!NameRules.IsQualified(name))
                fail($"{path}[{name}]", "is not the name of a resource such as cpu, memory or ephemeral-storage");
        }
    }
}
