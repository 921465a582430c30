using Sluice.Api;
using Sluice.Api.Validation;

namespace Sluice.Injection;

/// <summary>One item of the annotation <c>sluice.io/datasets</c>: <c>[namespace/]name[=mountPath][:ro|:rw]</c>.</summary>
internal readonly record struct DatasetsAnnotationItem(string Text, string? Namespace, string Name, string? MountPath, AccessAsk Ask);

/// <summary>The grammar of the annotation, on pods and namespaces alike.</summary>
internal static class DatasetsAnnotation
{
    /// <summary>Longest annotation that is read, and most items in it: far above any real pod's; arbitrary.</summary>
    private const int MaxLength = 8192;
    private const int MaxItems = 64;

    /// <summary>Returns null and the items in order, or a sentence that says which item is wrong.</summary>
    public static string? Parse(string text, List<DatasetsAnnotationItem> items)
    {
        if (text.Length > MaxLength)
            return $"it is longer than {MaxLength} characters";
        foreach (var range in text.AsSpan().Split(','))
        {
            var item = text.AsSpan(range).Trim();
            if (item.IsEmpty)
            {
                if (text.AsSpan().Trim().IsEmpty)
                    return "it names no dataset";
                return "an item between two commas is empty";
            }
            if (items.Count == MaxItems)
                return $"it has more than {MaxItems} items";
            var written = item.ToString();
            var ask = AccessAsk.Unsaid;
            if (item.EndsWith(":ro") || item.EndsWith(":rw"))
            {
                ask = item[^1] == 'o' ? AccessAsk.ReadOnly : AccessAsk.ReadWrite;
                item = item[..^3];
            }
            string? path = null;
            var equals = item.IndexOf('=');
            if (equals >= 0)
            {
                path = MountPaths.Clean(item[(equals + 1)..].Trim().ToString());
                item = item[..equals].Trim();
                if (PathRules.MountPathProblem(path) is { } problem)
                    return $"in \"{written}\" the mount path {problem}";
            }
            var slash = item.IndexOf('/');
            var ns = slash < 0 ? null : item[..slash].ToString();
            var name = item[(slash + 1)..].ToString();
            if (!NameRules.IsOwnName(name, Names.MaxDatasetName) || (ns is not null && !NameRules.IsLabel(ns)))
                return $"\"{written}\" is not of the form [namespace/]name[=mountPath][:ro|:rw]";
            items.Add(new DatasetsAnnotationItem(written, ns, name, path, ask));
        }
        return null;
    }
}
