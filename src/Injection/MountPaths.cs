namespace Sluice.Injection;

/// <summary>Paths inside containers at which data may appear.</summary>
internal static class MountPaths
{
    /// <summary>Without a trailing slash, so that two spellings of one place are equal.</summary>
    public static string Clean(string path) => path.Length > 1 ? path.TrimEnd('/') : path;
}
