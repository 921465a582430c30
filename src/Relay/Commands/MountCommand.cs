using System.CommandLine;
using Sluice.Linux;
using Sluice.Relay.Client;
using Sluice.Relay.Mounting;
using Sluice.Relay.State;

namespace Sluice.Relay.Commands;

/// <summary>
/// <c>sluice-relay mount DIR -- CLIENT…</c>: a session without a mounter, mounted by this process itself. For a terminal, and
/// what the Shared delivery runs.
/// </summary>
internal static class MountCommand
{
    /// <summary>Where clients look for the program that we stand in for (libfuse 3, libfuse 2).</summary>
    private static readonly string[] FusermountPaths = ["/usr/bin/fusermount3", "/usr/bin/fusermount", "/bin/fusermount3", "/bin/fusermount"];

    public static Command Build()
    {
        var directory = new Argument<string>("directory") { Description = "Where the files appear. It is made, and removed at the end, where only its parent exists." };
        var readOnly = new Option<bool>("--read-only") { Description = "The same as --access ro." };
        var state = new Option<string?>("--state") { Description = "A private directory for the relay's sockets; a temporary one by default." };
        var common = new CommonOptions();
        var command = new Command("mount", """
            Run a FUSE client behind a mount that outlives it. Needs root.

            Examples:
              sluice-relay mount /mnt/data --read-only --fusermount -- bindfs -f /srv/data '${mountpoint}'
              sluice-relay mount /mnt/home --durability Flush -- sshfs -f user@host:/home '${mountpoint}'
            """)
        { directory, readOnly, state };
        common.AddTo(command, byDefault: "rw");
        command.SetAction(result =>
        {
            var options = common.Read(result);
            if (result.GetValue(readOnly))
                options = options with { ReadOnly = true };
            return Run(Path.GetFullPath(result.GetRequiredValue(directory)), result.GetValue(state), options);
        });
        return command;
    }

    private static int Run(string directory, string? state, RelayOptions options)
    {
        if (RequestTimeout.Conflict(options.ClientTimeout) is { } conflict)
            return Program.Fail(conflict);
        if (WaitFor.All(options.WaitFor, options.StartTimeout) is { } missing)
            return Program.Fail(missing);
        bool made;
        try
        {
            made = Files.TryMakeDirectory(directory, 0x1ed); // 0755
        }
        catch (LinuxException e)
        {
            return Program.Fail($"{e.Message}. Make the directory to mount on first");
        }
        string privateDirectory = state ?? Directory.CreateTempSubdirectory("sluice-relay-").FullName; // mode 0700
        using var keeper = new OwnMount(directory, options.ReadOnly, options.MaxTransfer);
        Fusermount? fusermount = null;
        try
        {
            if (options.Fusermount)
            {
                options = options with { MountPoint = Directory.CreateDirectory(Path.Combine(privateDirectory, "mnt")).FullName };
                fusermount = new Fusermount(Path.Combine(privateDirectory, "fusermount.sock"), FusermountPaths, directory);
            }
            var mount = keeper.Obtain(knowsState: false, epoch: 0);
            var tables = SessionState.Create(SharedMapping.CreateAnonymousFile("sluice-state"), StateGeometry.For(options.MaxTransfer, options.Journal), mount.MountId);
            return SessionRunner.Run(options, keeper, fusermount, tables, mount, adopted: false, privateDirectory);
        }
        catch (LinuxException e)
        {
            return Program.Fail(e.Errno is Errno.EPERM or Errno.EACCES ? $"{e.Message}. Mounting needs root (CAP_SYS_ADMIN)" : e.Message);
        }
        finally
        {
            fusermount?.Dispose();
            keeper.Dispose();
            if (state is null)
                Directory.Delete(privateDirectory, recursive: true);
            if (made)
                Files.RemoveDirectory(directory);
        }
    }
}
