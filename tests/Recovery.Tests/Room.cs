using System.Globalization;
using Sluice.Linux;
using Sluice.Recovery.Tests.Applications;
using Sluice.Testing;

namespace Sluice.Recovery.Tests;

/// <summary>Where the tests work: a file system in memory, seen in their own namespaces alone, with our program in fusermount's place as in a pod.</summary>
internal static class Room
{
    private const string Directory = "/mnt";
    private static int _sessions;

    /// <summary>The relay as it is delivered: static, and what clients call instead of fusermount3.</summary>
    public static string Relay { get; } = Repository.PathOf("out", "aot", "sluice-relay");

    public static string Mounter { get; } = Path.Combine(AppContext.BaseDirectory, "sluice-mounter");

    private static readonly Lazy<string> Opened = new(Open);

    /// <summary>What clients serve.</summary>
    public static string Source => Opened.Value;

    /// <summary>Skips the test where it cannot run, with the reason.</summary>
    /// <param name="clients">Programs that it needs.</param>
    public static void Require(params string[] clients)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: it mounts");
        Assert.SkipUnless(File.Exists("/dev/fuse"), "needs /dev/fuse");
        Assert.SkipUnless(OwnNamespaces.Entered, "needs mount and PID namespaces of its own (unshare of util-linux)");
        Assert.SkipUnless(File.Exists(Relay), "needs out/aot/sluice-relay: make test builds it where gcc, lld and zlib are there");
        foreach (string client in clients)
            Assert.SkipUnless(Find(client) is not null, $"needs {client}");
        _ = Source;
    }

    /// <summary>The path of a program, or null.</summary>
    public static string? Find(string program) =>
        new[] { "/usr/bin", "/usr/sbin", "/bin", "/usr/local/bin" }.Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);

    /// <summary>A new directory.</summary>
    public static string NewDirectory() =>
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"t{++_sessions}"))).FullName;

    /// <summary>Mounts of sessions that are there now.</summary>
    public static IReadOnlyList<string> SessionMounts() => [.. File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(" - fuse.sluice ", StringComparison.Ordinal))];

    private static string Open()
    {
        Mounts.Mount("recovery", Directory, "tmpfs", MountFlags.None);
        foreach (string program in new[] { "/usr/bin/fusermount3", "/usr/bin/fusermount" }.Where(File.Exists))
            Mounts.Bind(Relay, program);
        string source = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "source")).FullName;
        Data.Make(source);
        return source;
    }
}
