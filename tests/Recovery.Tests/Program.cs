using Sluice.Recovery.Tests.Applications;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Sluice.Recovery.Tests;

/// <summary>
/// Two programs in one: the tests, which start and kill relays, mounters and clients, and <c>applications</c>, which use a
/// mount meanwhile. They are apart because whoever starts a program while it holds files of a mount that nobody serves hangs.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments is [ApplicationsProgram.Name, ..])
            return ApplicationsProgram.Run(arguments[1..]);
        OwnNamespaces.EnterWith(arguments);
        return arguments.Any(argument => argument is "--server" or "--internal-msbuild-node")
            ? TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions).GetAwaiter().GetResult()
            : ConsoleRunner.Run(arguments).GetAwaiter().GetResult();
    }
}
