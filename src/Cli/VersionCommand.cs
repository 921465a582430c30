using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Sluice.Cli;

/// <summary><c>sluice version</c>: what this is, for bug reports.</summary>
internal static class VersionCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("version", "Print the version of this program.");
        command.SetAction(_ =>
        {
            terminal.Out.WriteLine($"sluice {Version} ({RuntimeInformation.RuntimeIdentifier}, {RuntimeInformation.FrameworkDescription})");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Version and, behind the plus sign, the commit it was built from.</summary>
    public static string Version { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
