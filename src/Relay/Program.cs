using System.CommandLine;
using System.Reflection;
using Sluice.Relay.Client;
using Sluice.Relay.Commands;

namespace Sluice.Relay;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        // Clients call us by the name of the program that we stand in for.
        if (Path.GetFileName(Environment.GetCommandLineArgs()[0]).StartsWith("fusermount", StringComparison.Ordinal))
            return Fusermount.Run(arguments);
        var root = new RootCommand("Serves one FUSE mount through an unmodified client, which may crash and be replaced.")
        {
            ServeCommand.Build(), MountCommand.Build(), WaitCommand.Build(), StatusCommand.Build(), InstallCommand.Build(),
        };
        return root.Parse(arguments).Invoke();
    }

    /// <summary>Of this relay, for logs.</summary>
    public static string Version { get; } = typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>Says why nothing was done. Returns the exit status for it.</summary>
    public static int Fail(string message)
    {
        Console.Error.WriteLine($"sluice-relay: {message}");
        return 1;
    }
}
