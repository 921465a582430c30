namespace Sluice.Linux;

/// <summary>
/// Where a controller's files of this process's own control group lie, in either version of the hierarchy. In a container with
/// a cgroup namespace, which is what Kubernetes gives, that is the root that the container sees.
/// </summary>
/// <param name="Path">The directory.</param>
/// <param name="IsUnified">cgroup v2: memory.max and cpu.max; else v1: memory.limit_in_bytes and cpu.cfs_quota_us.</param>
public sealed record ControlGroup(string Path, bool IsUnified)
{
    private const string Root = "/sys/fs/cgroup";

    /// <summary>The group of a controller (memory, cpu); null where its files are not to be seen.</summary>
    /// <param name="controller">Its name in /proc/self/cgroup.</param>
    /// <param name="file">A file that it must have in version 2: the controller may be enabled in version 1 alone.</param>
    public static ControlGroup? Find(string controller, string file)
    {
        foreach (string line in Lines("/proc/self/cgroup"))
        {
            // "0::/path" of version 2, "4:memory:/path" of version 1; outside of a namespace the path is seen as it is.
            string[] fields = line.Split(':', 3);
            if (fields.Length != 3)
                continue;
            bool unified = fields[1].Length == 0;
            if (!unified && !fields[1].Split(',').Contains(controller, StringComparer.Ordinal))
                continue;
            foreach (string path in Candidates(unified ? Root : System.IO.Path.Combine(Root, controller), fields[2]))
            {
                if (!unified || File.Exists(System.IO.Path.Combine(path, file)))
                    return new(path, unified);
            }
        }
        return null;
    }

    /// <summary>What a file of the group holds, trimmed; empty where it has none.</summary>
    public string Read(string file)
    {
        try
        {
            return File.ReadAllText(System.IO.Path.Combine(Path, file)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static IEnumerable<string> Candidates(string root, string path)
    {
        string own = root + path;
        if (path != "/" && Directory.Exists(own))
            yield return own;
        if (Directory.Exists(root))
            yield return root;
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (IOException)
        {
            return [];
        }
    }
}
