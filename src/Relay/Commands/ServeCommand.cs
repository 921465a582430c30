using System.CommandLine;
using Sluice.Linux;
using Sluice.Relay.Client;
using Sluice.Relay.Mounting;
using Sluice.Relay.State;

namespace Sluice.Relay.Commands;

/// <summary><c>sluice-relay serve -- CLIENT…</c>: the main program of a sidecar. The node's mounter mounts and keeps the descriptors.</summary>
internal static class ServeCommand
{
    public static Command Build()
    {
        var session = new Option<string>("--session-volume") { Description = "Where the mounter's socket lies.", DefaultValueFactory = _ => "/sluice" };
        var state = new Option<string>("--state") { Description = "A directory in memory that outlives this container: what the next relay goes on with.", DefaultValueFactory = _ => "/sluice-state" };
        var secretEnv = new Option<string[]>("--secret-env") { Description = "VARIABLE=KEY: gives the client a credential that the mounter brings as an environment variable.", DefaultValueFactory = _ => [] };
        var secretFile = new Option<string[]>("--secret-file") { Description = "PATH=KEY: the same as a file below the state directory's auth/.", DefaultValueFactory = _ => [] };
        foreach (var option in new[] { secretEnv, secretFile })
        {
            option.Validators.Add(result =>
            {
                if (result.Tokens.FirstOrDefault(t => t.Value.IndexOf('=', StringComparison.Ordinal) < 1) is { } bad)
                    result.AddError($"{option.Name}: \"{bad.Value}\" is not NAME=KEY");
            });
        }
        var common = new CommonOptions();
        var command = new Command("serve", "Serve the session of this sidecar. The injection writes this command; it is not meant to be typed.") { session, state, secretEnv, secretFile };
        common.AddTo(command, byDefault: "ro");
        command.SetAction(result => Run(
            result.GetRequiredValue(session),
            result.GetRequiredValue(state),
            common.Read(result) with { SecretVariables = Pairs(result.GetValue(secretEnv)), SecretFiles = Pairs(result.GetValue(secretFile)) }));
        return command;
    }

    private static int Run(string sessionVolume, string stateDirectory, RelayOptions options)
    {
        if (RequestTimeout.Conflict(options.ClientTimeout) is { } conflict)
            return Program.Fail(conflict);
        if (WaitFor.All(options.WaitFor, options.StartTimeout) is { } missing)
            return Program.Fail(missing);
        var log = new RelayLog(Console.Error, TimeProvider.System);
        using var keeper = new MounterConnection(sessionVolume, options, Program.Version);
        Fusermount? fusermount = null;
        try
        {
            if (options.Fusermount)
            {
                options = options with { MountPoint = Directory.CreateDirectory(Path.Combine(stateDirectory, "mnt")).FullName };
                // The pod's volumes cover the real programs.
                fusermount = new Fusermount(Path.Combine(stateDirectory, "fusermount.sock"), [], mountedOn: null);
            }
            var (mount, state, adopted) = TakeOver(keeper, Path.Combine(stateDirectory, "state"), options, log);
            options = new Credentials(options, Path.Combine(stateDirectory, "auth")).Apply(keeper);
            return SessionRunner.Run(options, keeper, fusermount, state, mount, adopted, stateDirectory);
        }
        catch (IOException e)
        {
            return Program.Fail(e.Message);
        }
        finally
        {
            fusermount?.Dispose();
        }
    }

    /// <summary>The mount, with the state that a relay before this one left where it belongs to it, else a fresh one of both.</summary>
    private static (KeptMount Mount, SessionState State, bool Adopted) TakeOver(MounterConnection keeper, string path, RelayOptions options, RelayLog log)
    {
        var geometry = StateGeometry.For(options.MaxTransfer, options.Journal);
        bool exists = File.Exists(path);
        var adopted = SessionState.Adopt(OpenState(path), geometry, out string reason);
        uint epoch = adopted?.Epoch ?? 0;
        var mount = keeper.Obtain(knowsState: adopted is not null, epoch);
        if (adopted is not null && mount.Resumed && adopted.MountId == mount.MountId)
            return (mount, adopted, true);
        if (adopted is not null)
        {
            adopted.Dispose();
            reason = mount.Resumed ? "it belongs to another mount" : "the kernel has dropped the mount that it belongs to";
        }
        if (exists)
            log.Refused(reason);
        if (mount.Resumed)
        {
            mount.Device.Dispose();
            mount = keeper.Again();
        }
        return (mount, SessionState.Create(OpenState(path), geometry, mount.MountId), false);
    }

    private static FileDescriptor OpenState(string path) => FileDescriptor.Open(path, OpenFlags.ReadWrite | OpenFlags.Create, 0x180); // 0600

    private static Dictionary<string, string> Pairs(string[]? values) =>
        (values ?? []).ToDictionary(v => v[..v.IndexOf('=', StringComparison.Ordinal)], v => v[(v.IndexOf('=', StringComparison.Ordinal) + 1)..], StringComparer.Ordinal);
}
