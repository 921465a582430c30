namespace Sluice.Cli;

/// <summary>Which kubeconfig is meant: as kubectl finds it, but for KUBECONFIG with several files, which are not merged here.</summary>
internal static class KubeconfigFile
{
    /// <summary>The file, which is there.</summary>
    /// <param name="given">Of the command line.</param>
    /// <param name="variable">The value of an environment variable; null for none.</param>
    /// <exception cref="UnusableInputException">There is none.</exception>
    public static FileInfo Find(string? given, Func<string, string?> variable)
    {
        if (given is not null)
            return Existing(given, "--kubeconfig");
        if (variable("KUBECONFIG") is { Length: > 0 } named)
        {
            return named.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) is [var only]
                ? Existing(only, "KUBECONFIG")
                : throw new UnusableInputException($"KUBECONFIG names several files ({named}): name the cluster's with --kubeconfig");
        }
        var file = new FileInfo(Path.Combine(variable("HOME") ?? "", ".kube", "config"));
        return file.Exists ? file : throw new UnusableInputException($"no cluster to check: there is no {file}; name a kubeconfig with --kubeconfig or in KUBECONFIG");
    }

    private static FileInfo Existing(string path, string where) =>
        File.Exists(path) ? new FileInfo(path) : throw new UnusableInputException($"{where}: {path}: no such file");
}
