namespace Sluice.Api.Validation;

/// <summary>Paths inside containers.</summary>
public static class PathRules
{
    private static readonly string[] Reserved = ["/proc", "/sys", "/dev", "/var/run/secrets", "/run/secrets"];

    /// <summary>Why a dataset cannot be mounted at <paramref name="path"/>; null when it can. Also for paths that pods ask for.</summary>
    public static string? MountPathProblem(string path)
    {
        if (CleanPathProblem(path) is { } problem)
            return problem;
        foreach (var reserved in Reserved)
        {
            if (path == reserved || path.StartsWith(reserved + "/", StringComparison.Ordinal))
                return $"\"{path}\" lies in {reserved}, which belongs to the container's runtime: choose a path such as /datasets/NAME";
        }
        var first = path.Split('/')[1];
        return first == "sluice" || first.StartsWith(Names.ReservedPrefix, StringComparison.Ordinal)
            ? $"\"{path}\" lies in /{first}, which is reserved: choose a path such as /datasets/NAME"
            : null;
    }

    /// <summary>Absolute, not the root, and written in the one way that compares.</summary>
    internal static string? CleanPathProblem(string path)
    {
        if (!path.StartsWith('/'))
            return $"\"{path}\" must be absolute: begin it with /";
        if (path == "/")
            return "must not be /: choose a directory below it";
        if (path.Any(c => char.IsControl(c) || c is ':' or ','))
            return "must not hold ':', ',' or control characters";
        return path[1..].Split('/').All(s => s is not ("" or "." or ".."))
            ? null
            : $"\"{path}\" must be clean: no empty, \".\" or \"..\" segments and no slash at its end";
    }

    /// <summary>Below a directory, and staying there.</summary>
    internal static string? RelativePathProblem(string path)
    {
        if (path.Length == 0)
            return "must not be empty: leave it out to mean everything";
        if (path.StartsWith('/'))
            return $"\"{path}\" must be relative: leave out the / at its beginning";
        if (path.Any(char.IsControl))
            return "must not hold control characters";
        return path.Split('/').Any(s => s is "..") ? $"\"{path}\" must not hold \"..\": name paths below the source" : null;
    }
}
