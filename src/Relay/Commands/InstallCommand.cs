using System.CommandLine;

namespace Sluice.Relay.Commands;

/// <summary><c>sluice-relay install DIR</c>: puts this static program where containers of other images can run it, under both its names.</summary>
internal static class InstallCommand
{
    public static Command Build()
    {
        var directory = new Argument<string>("directory") { Description = "An existing directory." };
        var command = new Command("install", "Copy this program into a directory, as sluice-relay and as fusermount3.") { directory };
        command.SetAction(result => Run(result.GetRequiredValue(directory)));
        return command;
    }

    private static int Run(string directory)
    {
        try
        {
            foreach (string name in new[] { "sluice-relay", "fusermount3" })
            {
                // Renamed into place: a container that starts just now runs the old program or the new one, never half of one.
                string target = Path.Combine(directory, name);
                string half = $"{target}.{Environment.ProcessId}";
                File.Copy("/proc/self/exe", half, overwrite: true);
                File.SetUnixFileMode(half, (UnixFileMode)0x16d); // 0555
                File.Move(half, target, overwrite: true);
            }
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Program.Fail($"cannot install into {directory}: {e.Message}");
        }
    }
}
