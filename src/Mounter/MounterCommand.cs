using System.CommandLine;
using System.Text.Json;
using Sluice.Linux;
using Sluice.Mounter.Control;
using Sluice.Mounter.Sessions;

namespace Sluice.Mounter;

/// <summary>The command line: the daemon, and what can be asked of it.</summary>
internal static class MounterCommand
{
    /// <summary>Every command. <paramref name="serve"/> runs the daemon and gives its exit code.</summary>
    public static RootCommand Create(Func<MounterOptions, CancellationToken, Task<int>> serve) =>
        new("Sluice's node daemon: mounts for relays, keeps their descriptors, cleans up after them.")
        {
            Serve(serve), Publish(), Unpublish(), Status(),
        };

    private static Command Serve(Func<MounterOptions, CancellationToken, Task<int>> serve)
    {
        var root = Root();
        var below = Directory("--reap-below", "Mounts of ours below this directory that no session knows are taken away.");
        below.DefaultValueFactory = _ => MounterOptions.Kubelet;
        var timeout = new Option<int>("--relay-timeout")
        {
            Description = "Closes a session that has had no relay for so many seconds; 0 keeps it for ever.",
            HelpName = "SECONDS",
        };
        timeout.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<int>() < 0)
                result.AddError("--relay-timeout: a number of seconds, 0 or more.");
        });
        var command = new Command("serve", "Serves the sessions of a directory until it is told to end, and whatever happens leaves their mounts.") { root, below, timeout };
        command.SetAction((parsed, token) => serve(
            new(parsed.GetRequiredValue(root), parsed.GetRequiredValue(below), TimeSpan.FromSeconds(parsed.GetValue(timeout))), token));
        return command;
    }

    private static Command Publish()
    {
        var root = Root();
        var id = Id();
        var target = Directory("--target", "Where the data appears. Its parent exists.");
        target.Required = true;
        var readOnly = new Option<bool>("--read-only") { Description = "The kernel refuses writes." };
        var noExec = new Option<bool>("--no-exec") { Description = "Nothing on the mount can be started." };
        var uid = new Option<uint>("--uid") { Description = "The mount's user_id.", HelpName = "N" };
        var gid = new Option<uint>("--gid") { Description = "The mount's group_id.", HelpName = "N" };
        var dataset = new Option<string>("--dataset") { Description = "What it serves: `sluice-relay wait` asks for it.", HelpName = "NAMESPACE/NAME" };
        var pod = new Option<string>("--pod") { Description = "The uid of the pod that it belongs to.", HelpName = "UID" };
        var command = new Command("publish", "Prepares a session: an empty directory at the target until a relay serves it.") { root, id, target, readOnly, noExec, uid, gid, dataset, pod };
        command.SetAction(parsed => Ask(parsed, parsed.GetRequiredValue(root), new(new SessionRequest(
            parsed.GetRequiredValue(id), parsed.GetRequiredValue(target), parsed.GetValue(readOnly), parsed.GetValue(noExec), parsed.GetValue(uid), parsed.GetValue(gid))
        {
            Dataset = parsed.GetValue(dataset) ?? "",
            Pod = parsed.GetValue(pod) ?? "",
        })));
        return command;
    }

    private static Command Unpublish()
    {
        var root = Root();
        var id = Id();
        var command = new Command("unpublish", "Removes a session and its mounts.") { root, id };
        command.SetAction(parsed => Ask(parsed, parsed.GetRequiredValue(root), new(Unpublish: parsed.GetRequiredValue(id))));
        return command;
    }

    private static Command Status()
    {
        var root = Root();
        var command = new Command("status", "Prints each session as a line of JSON, then the daemon's counters.") { root };
        command.SetAction(parsed => Ask(parsed, parsed.GetRequiredValue(root), new(Status: true)));
        return command;
    }

    private static int Ask(ParseResult parsed, string root, ControlRequest request)
    {
        var output = parsed.InvocationConfiguration.Output;
        var error = parsed.InvocationConfiguration.Error;
        try
        {
            int exit = 1;
            foreach (var reply in ControlClient.Ask(root, request))
            {
                exit = 0;
                if (reply.Error is { } message)
                {
                    error.WriteLine($"sluice-mounter: {message}");
                    return 1;
                }
                if (reply.Session is { } session)
                    output.WriteLine(JsonSerializer.Serialize(session, MounterJson.Default.SessionStatus));
                if (reply.Counters is { } counters)
                    output.WriteLine(JsonSerializer.Serialize(counters, MounterJson.Default.Counters));
            }
            if (exit != 0)
                error.WriteLine("sluice-mounter: the daemon ended before it answered");
            return exit;
        }
        catch (LinuxException e)
        {
            error.WriteLine($"sluice-mounter: no daemon serves {root}: {e.Message}");
            return 1;
        }
    }

    private static Option<string> Root()
    {
        var root = Directory("--root", "The daemon's directory: sessions and sockets.");
        root.Required = true;
        return root;
    }

    private static Option<string> Id()
    {
        var id = new Option<string>("--id") { Description = "The session's id.", HelpName = "ID", Required = true };
        id.Validators.Add(result =>
        {
            if (!SessionRequest.IsId(result.GetValueOrDefault<string>() ?? ""))
                result.AddError("--id: letters, digits, dots, underscores and hyphens, at most 128.");
        });
        return id;
    }

    private static Option<string> Directory(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DIR",
        CustomParser = static argument => Path.TrimEndingDirectorySeparator(Path.GetFullPath(argument.Tokens[0].Value)),
    };
}
