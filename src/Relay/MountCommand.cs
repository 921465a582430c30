using System.CommandLine;
using Sluice.Linux;
using Sluice.Relay.Client;
using Sluice.Relay.Mounting;
using Sluice.Relay.State;

namespace Sluice.Relay;

/// <summary><c>sluice-relay mount DIR -- CLIENT…</c>: a session without Kubernetes, mounted by this process itself.</summary>
internal static class MountCommand
{
    public static Command Build()
    {
        var directory = new Argument<string>("directory") { Description = "Where the files appear: an existing directory." };
        var readWrite = new Option<bool>("--read-write") { Description = "Allow writing. Without it the mount is read-only." };
        var common = new CommonOptions();
        var command = new Command("mount", """
            Run a FUSE client behind a mount that outlives it. Needs root.

            Examples:
              sluice-relay mount /mnt/data -- bindfs -f /srv/data '${mountpoint}'
              sluice-relay mount /mnt/data --read-write -- sshfs -f user@host:/srv '${mountpoint}'
            """)
        { directory, readWrite };
        common.AddTo(command);
        command.SetAction(result => Run(result.GetRequiredValue(directory), common.Read(result) with { ReadOnly = !result.GetValue(readWrite) }));
        return command;
    }

    private static int Run(string directory, RelayOptions options)
    {
        directory = Path.GetFullPath(directory);
        if (!Directory.Exists(directory))
            return Program.Fail($"{directory} is not a directory: make it first (mkdir -p {directory})");
        string privateDirectory = Directory.CreateTempSubdirectory("sluice-relay-").FullName; // mode 0700
        using var keeper = new OwnMount(directory, options.ReadOnly, options.MaxTransfer);
        Fusermount? fusermount = null;
        try
        {
            if (options.Fusermount.Count > 0)
            {
                options = options with { MountPoint = Directory.CreateDirectory(Path.Combine(privateDirectory, "mnt")).FullName };
                fusermount = new Fusermount(Path.Combine(privateDirectory, "fusermount.sock"), options.Fusermount, directory);
            }
            var mount = keeper.Obtain(knowsState: false, epoch: 0);
            var state = SessionState.Create(SharedMapping.CreateAnonymousFile("sluice-state"), StateGeometry.For(options.MaxTransfer), mount.MountId);
            return SessionRunner.Run(options, keeper, fusermount, state, mount, adopted: false);
        }
        catch (LinuxException e)
        {
            return Program.Fail(e.Errno is Errno.EPERM or Errno.EACCES ? $"{e.Message}. Mounting needs root (CAP_SYS_ADMIN)" : e.Message);
        }
        finally
        {
            fusermount?.Dispose();
            Directory.Delete(privateDirectory, recursive: true);
        }
    }
}
