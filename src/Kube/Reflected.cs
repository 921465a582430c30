using System.Text.Json;

namespace Sluice.Kube;

/// <summary>Makes of an object what is to be kept of it; null, with the reason in <paramref name="problem"/>, when it cannot be used.</summary>
/// <param name="key">Its strings are shared: keep them in place of those in the object.</param>
/// <param name="source">The raw object, valid only during the call.</param>
/// <param name="problem">One sentence that follows the object's name.</param>
public delegate T? Project<T>(ObjectKey key, JsonElement source, out string? problem)
    where T : class;

/// <summary>One thing that became different.</summary>
/// <param name="Key">Of the object.</param>
/// <param name="Value">The object as it is now; null when it is gone, or cannot be used.</param>
/// <param name="Problem">Why it cannot be used; null when <paramref name="Value"/> is there or the object is gone.</param>
public readonly record struct ReflectedChange<T>(ObjectKey Key, T? Value, string? Problem)
    where T : class
{
    public bool IsGone => Value is null && Problem is null;
}

/// <summary>Changes in the order in which they happened, as many as came at once.</summary>
/// <param name="Changes">Empty when a list brought nothing new.</param>
/// <param name="Listed">With these a list is complete: what was applied now says what the API server said.</param>
public readonly record struct ReflectedBatch<T>(IReadOnlyList<ReflectedChange<T>> Changes, bool Listed)
    where T : class;

/// <summary>How one kind is reflected.</summary>
public sealed record ReflectorOptions
{
    public required ApiResource Resource { get; init; }

    /// <summary>Null: of all namespaces.</summary>
    public string? Namespace { get; init; }

    /// <summary>Selectors and the size of a page.</summary>
    public ListQuery Query { get; init; } = new();

    /// <summary>When the API server is to end a watch, drawn from the upper half; after that long and <see cref="Grace"/> we do.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(8);
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A watch that says nothing for that long is taken for dead: API servers send a bookmark about every minute.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(2);

    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(500);
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(10);
}
