namespace Sluice.Injection;

/// <summary>Paths inside containers at which data may appear.</summary>
internal static class MountPaths
{
    private static readonly string[] Reserved = ["/proc", "/sys", "/dev", "/sluice", "/sluice-state", "/sluice-auth", "/sluice-cache", "/sluice-shared", "/var/run/secrets"];

    /// <summary>What is wrong with <paramref name="path"/>, as the end of a sentence; null when it may be used.</summary>
    public static string? Problem(string path)
    {
        if (path.Length == 0 || path[0] != '/')
            return "must be absolute";
        if (path.Length > 1024) // arbitrary; the kernel's PATH_MAX is 4096
            return "is longer than 1024 characters";
        if (path.Length == 1)
            return "must not be the root directory";
        if (path.Contains(':'))
            return "must not contain ':'"; // the API server refuses it in a volumeMount
        foreach (var c in path)
        {
            if (char.IsControl(c))
                return "must not contain control characters";
        }
        foreach (var segment in path.AsSpan(1).TrimEnd('/').Split('/'))
        {
            if (path.AsSpan(1)[segment] is "" or "." or "..")
                return "must be a clean path without empty, '.' or '..' parts";
        }
        foreach (var reserved in Reserved)
        {
            if (IsAtOrBelow(path, reserved))
                return $"must not be at or below {reserved}";
        }
        return null;
    }

    /// <summary>Without a trailing slash, so that two spellings of one place are equal.</summary>
    public static string Clean(string path) => path.Length > 1 ? path.TrimEnd('/') : path;

    private static bool IsAtOrBelow(string path, string directory) =>
        path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/');
}
