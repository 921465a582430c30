using Sluice.Api;

namespace Sluice.Injection;

/// <summary>Names of Datasets as pods write them.</summary>
internal static class DatasetName
{
    /// <summary>A DNS label of at most 40 characters without <c>--</c> (it separates our suffixes).</summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= Names.MaxDatasetName && IsDnsLabel(name) && !name.Contains("--", StringComparison.Ordinal);

    /// <summary>A DNS label of at most 63 characters.</summary>
    public static bool IsNamespace(string name) => name.Length is > 0 and <= 63 && IsDnsLabel(name);

    private static bool IsDnsLabel(string name)
    {
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
                return false;
        }
        return name[0] != '-' && name[^1] != '-';
    }
}
