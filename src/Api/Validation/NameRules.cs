namespace Sluice.Api.Validation;

/// <summary>Kubernetes' grammars of names.</summary>
public static class NameRules
{
    internal const int MaxLabel = 63;
    internal const int MaxSubdomain = 253;

    /// <summary>A Dataset's name stands in labels as <c>namespace.name</c> and in derived names behind <c>--</c>.</summary>
    internal static void CheckOwnName(string path, string name, int max, Fail fail)
    {
        if (IsOwnName(name, max))
            return;
        if (!IsLabel(name) || name.Length > max)
            fail(path, $"\"{name}\" must be at most {max} lower-case letters, digits and '-', beginning and ending with a letter or digit");
        else
            fail(path, $"\"{name}\" must not hold \"--\", which separates parts of derived names: use one dash");
    }

    internal static void CheckSubdomain(string path, string? name, string what, Fail fail)
    {
        if (string.IsNullOrEmpty(name))
            fail(path, $"is required: name {what}");
        else if (!IsSubdomain(name))
            fail(path, $"\"{name}\" is not a name of {what}: use lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit");
    }

    internal static void CheckNamespace(string path, string? ns, Fail fail)
    {
        if (ns is not null && !IsLabel(ns))
            fail(path, $"\"{ns}\" is not a name of a namespace: use at most 63 lower-case letters, digits and '-'");
    }

    /// <summary>A DNS label of at most <paramref name="max"/> characters without <c>--</c>, which separates parts of derived names.</summary>
    public static bool IsOwnName(string text, int max) =>
        text.Length <= max && IsLabel(text) && !text.Contains("--", StringComparison.Ordinal);

    /// <summary>A DNS label, as namespaces have it. Asked for every pod, so it allocates nothing.</summary>
    public static bool IsLabel(string text)
    {
        foreach (var c in text)
        {
            if (!IsAlphanumeric(c) && c != '-')
                return false;
        }
        return text.Length is > 0 and <= MaxLabel && text[0] != '-' && text[^1] != '-';
    }

    internal static bool IsSubdomain(string text) => text.Length <= MaxSubdomain && text.Split('.').All(IsLabel);

    internal static bool IsVariable(string text) =>
        text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>A key of a ConfigMap or Secret.</summary>
    internal static bool IsDataKey(string text) =>
        text.Length is > 0 and <= MaxSubdomain && text is not ("." or "..") && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>A qualified name: <c>[prefix/]name</c>, as labels and resources have it.</summary>
    internal static bool IsQualified(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var name = text[(slash + 1)..];
        return (slash < 0 || IsSubdomain(text[..slash]))
            && name.Length is > 0 and <= MaxLabel
            && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
    }

    private static bool IsAlphanumeric(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}
