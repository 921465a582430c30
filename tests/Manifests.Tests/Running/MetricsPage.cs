using System.Text.RegularExpressions;

namespace Sluice.Manifests.Tests.Running;

/// <summary>What a Prometheus page exposes: names as queries use them, with their labels.</summary>
internal sealed partial class MetricsPage
{
    private readonly Dictionary<string, HashSet<string>> _series = new(StringComparer.Ordinal);

    public MetricsPage(string page)
    {
        foreach (Match series in Series().Matches(page))
        {
            var labels = _series.TryGetValue(series.Groups["name"].Value, out var known) ? known : _series[series.Groups["name"].Value] = new HashSet<string>(StringComparer.Ordinal);
            foreach (Match label in Labels().Matches(series.Groups["labels"].Value))
                labels.Add(label.Groups["label"].Value);
        }
        Names = [.. Types().Matches(page).Select(t => t.Groups["name"].Value)];
    }

    /// <summary>The metrics, a histogram under its one name.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What is wrong with a query: series or labels that the page does not have.</summary>
    public IEnumerable<string> Problems(string query)
    {
        foreach (Match use in Uses().Matches(query))
        {
            var name = use.Groups["name"].Value;
            if (!_series.TryGetValue(name, out var labels))
            {
                yield return $"no {name}";
                continue;
            }
            foreach (Match label in Labels().Matches(use.Groups["labels"].Value))
            {
                if (!labels.Contains(label.Groups["label"].Value) && !OfTargets.Contains(label.Groups["label"].Value))
                    yield return $"{name} has no label {label.Groups["label"].Value}";
            }
        }
        var all = Uses().Matches(query).SelectMany(u => _series.GetValueOrDefault(u.Groups["name"].Value) ?? []).Concat(OfTargets).ToHashSet(StringComparer.Ordinal);
        foreach (Match by in Groupings().Matches(query))
        {
            foreach (var label in by.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!all.Contains(label))
                    yield return $"nothing in the query has a label {label}";
            }
        }
    }

    /// <summary>Labels that Prometheus adds.</summary>
    private static readonly HashSet<string> OfTargets = new(["job", "instance", "pod", "namespace"], StringComparer.Ordinal);

    [GeneratedRegex(@"^# TYPE (?<name>\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Types();

    [GeneratedRegex(@"^(?<name>[a-z_]+)(\{(?<labels>[^}]*)\})? ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Series();

    [GeneratedRegex(@"(?<label>[a-z_]+)(=~|!~|!=|=)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Labels();

    [GeneratedRegex(@"\b(?<name>sluice_[a-z_]+)(\{(?<labels>[^}]*)\})?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Uses();

    [GeneratedRegex(@"\bby \((?<labels>[^)]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Groupings();
}
