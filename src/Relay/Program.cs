using System.CommandLine;
using Sluice.Relay.Client;

namespace Sluice.Relay;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        // Clients call us by the name of the program that we stand in for.
        if (Path.GetFileName(Environment.GetCommandLineArgs()[0]).StartsWith("fusermount", StringComparison.Ordinal))
            return Fusermount.Run(arguments);
        var root = new RootCommand("Serves one FUSE mount through an unmodified client, which may crash and be replaced.") { MountCommand.Build() };
        return root.Parse(arguments).Invoke();
    }

    /// <summary>Says why nothing was done. Returns the exit status for it.</summary>
    public static int Fail(string message)
    {
        Console.Error.WriteLine($"sluice-relay: {message}");
        return 1;
    }
}
