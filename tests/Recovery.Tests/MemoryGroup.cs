using System.Globalization;

namespace Sluice.Recovery.Tests;

/// <summary>A control group with a memory limit, as a container has it; in either version of the hierarchy.</summary>
internal sealed class MemoryGroup : IDisposable
{
    private readonly string _directory;
    private readonly bool _unified;

    private MemoryGroup(string directory, bool unified) => (_directory, _unified) = (directory, unified);

    /// <summary>Joins the group with the shell's own number, and becomes the program that follows.</summary>
    public string[] Enter => ["/bin/sh", "-c", $"echo $$ > {_directory}/cgroup.procs && exec \"$0\" \"$@\""];

    /// <summary>Tasks that the kernel killed for the limit's sake.</summary>
    public int OutOfMemoryKills => File.ReadLines(Path.Combine(_directory, _unified ? "memory.events" : "memory.oom_control"))
        .Where(line => line.StartsWith("oom_kill ", StringComparison.Ordinal))
        .Select(line => int.Parse(line.AsSpan("oom_kill ".Length), CultureInfo.InvariantCulture)).Single();

    /// <summary>Makes one, or skips the test.</summary>
    public static MemoryGroup Create(long bytes)
    {
        const string Root = "/sys/fs/cgroup";
        bool unified = File.Exists(Path.Combine(Root, "cgroup.controllers"));
        string directory = Path.Combine(Root, unified ? "" : "memory", string.Create(CultureInfo.InvariantCulture, $"sluice-test-{Environment.ProcessId}"));
        try
        {
            Directory.CreateDirectory(directory);
            var group = new MemoryGroup(directory, unified);
            File.WriteAllText(Path.Combine(directory, unified ? "memory.max" : "memory.limit_in_bytes"), bytes.ToString(CultureInfo.InvariantCulture));
            return group;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"needs a memory control group of its own: {e.Message}");
            throw;
        }
    }

    public void Dispose()
    {
        for (int tries = 0; tries < 50 && Directory.Exists(_directory); tries++)
        {
            try
            {
                Directory.Delete(_directory);
            }
            catch (IOException)
            {
                Thread.Sleep(20); // its last process is not gone yet
            }
        }
    }
}
