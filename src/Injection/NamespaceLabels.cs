using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// Selectors over namespaces. API servers put <c>kubernetes.io/metadata.name</c> on every namespace and let nobody change
/// it; a file catalog may leave it out, and a forged one must not count.
/// </summary>
internal static class NamespaceLabels
{
    private const string NameLabel = "kubernetes.io/metadata.name";

    public static bool Match(LabelSelector selector, string name, Dictionary<string, string> labels) =>
        labels.TryGetValue(NameLabel, out var value) && value == name
            ? selector.Matches(labels)
            : selector.Matches(new Dictionary<string, string>(labels, StringComparer.Ordinal) { [NameLabel] = name });
}
