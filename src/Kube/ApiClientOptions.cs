namespace Sluice.Kube;

/// <summary>How an <see cref="ApiClient"/> calls.</summary>
public sealed record ApiClientOptions
{
    /// <summary>Sent with every request, such as <c>sluice-webhook/0.1.0</c>: who is who in the API server's logs and flow control.</summary>
    public required string UserAgent { get; init; }

    /// <summary>For one call with all its retries, unless the call gives its own. For a list: for each page.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Paces calls, watches aside; null: as fast as they come.</summary>
    public TokenBucket? Limit { get; init; }
}

/// <summary>Which objects of a kind.</summary>
public sealed record ListQuery
{
    public string? LabelSelector { get; init; }
    public string? FieldSelector { get; init; }

    /// <summary>Objects in a page.</summary>
    public int Limit { get; init; } = 500;

    /// <summary>Where the page before ended; null for the first.</summary>
    public string? Continue { get; init; }

    internal string Text(string? watch = null)
    {
        var text = new System.Text.StringBuilder(watch);
        Add("labelSelector", LabelSelector);
        Add("fieldSelector", FieldSelector);
        if (watch is null)
        {
            Add("limit", Limit.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Add("continue", Continue);
        }
        return text.ToString();

        void Add(string name, string? value)
        {
            if (value is not null)
                text.Append(text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }
    }
}

/// <summary>What stood in a list beside its items.</summary>
/// <param name="ResourceVersion">Where a watch goes on.</param>
/// <param name="Continue">For the next page; null at the last one.</param>
public readonly record struct ListPage(string ResourceVersion, string? Continue);

/// <summary>What an object must be for a delete to take it; null asks nothing.</summary>
public readonly record struct DeletePreconditions(string? Uid, string? ResourceVersion);
