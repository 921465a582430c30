using System.Runtime.InteropServices;
using Sluice.Relay.Client;
using Sluice.Relay.Fuse;
using Sluice.Relay.Mounting;
using Sluice.Relay.State;

namespace Sluice.Relay.Commands;

/// <summary>Runs a session to its end for the commands that serve one, with signals, status and log.</summary>
internal static class SessionRunner
{
    /// <summary>Serves.</summary>
    /// <returns>The exit status.</returns>
    public static int Run(RelayOptions options, IMountKeeper keeper, Fusermount? fusermount, SessionState state, KeptMount mount, bool adopted, string privateDirectory)
    {
        Linux.Confinement.BecomeSubreaper();
        var log = new RelayLog(Console.Error, TimeProvider.System);
        using var device = new FuseDevice(mount.Device);
        using var session = new RelaySession(options, keeper, fusermount, state, device, log);
        using var status = new StatusSocket(privateDirectory, session, options.Dataset);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            session.Stop(context.Signal == PosixSignal.SIGINT ? Linux.ChildProcess.SIGINT : Linux.ChildProcess.SIGTERM);
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        var end = session.Run(adopted);
        if (end.Reason.Length > 0)
            log.Ended(end.Reason);
        return end.Status;
    }
}
