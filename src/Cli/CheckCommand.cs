using System.CommandLine;
using System.Text;
using Sluice.Api;
using Sluice.Cli.Check;
using Sluice.Kube;

namespace Sluice.Cli;

/// <summary><c>sluice check</c>: what is wrong with an installation, and what to type next.</summary>
internal static class CheckCommand
{
    private const string DefaultTimeout = "10s"; // a webhook has five seconds of it
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(10); // arbitrary

    public static Command Create(Terminal terminal)
    {
        var kubeconfig = new Option<string?>("--kubeconfig")
        {
            Description = "The cluster's kubeconfig; without it, the file that KUBECONFIG names, else ~/.kube/config.",
            HelpName = "FILE",
        };
        var context = new Option<string?>("--context") { Description = "A context of the kubeconfig; without it, the current one.", HelpName = "NAME" };
        var ns = new Option<string?>("--namespace", "-n") { Description = "Where to try a pod, in a dry run; without it, in the first namespace that is opted in.", HelpName = "NS" };
        var timeout = new Option<string>("--timeout")
        {
            Description = "How long to wait for each answer.",
            HelpName = "DURATION",
            DefaultValueFactory = _ => DefaultTimeout,
        };
        timeout.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !Duration.TryParse(token.Value, out var given) || given.Value == TimeSpan.Zero || given.Value > LongestTimeout))
                result.AddError($"--timeout: \"{token.Value}\" is no time to wait: write 10s, or at most 10m.");
        });
        var output = PodOptions.Output<ReportFormat>("text for people, json for programs.");
        var command = new ExampleCommand("check", "Look at an installation in a cluster, and tell what is wrong and what to type next. Changes nothing.")
        {
            Examples =
            [
                ("The cluster of the current context", "sluice check"),
                ("What is wrong in staging, for a program", "sluice check --context staging -o json | jq '.checks[] | select(.verdict == \"wrong\")'"),
                ("Would namespace vision get its data?", "sluice check -n vision"),
            ],
        };
        command.Options.Add(kubeconfig);
        command.Options.Add(context);
        command.Options.Add(ns);
        command.Options.Add(timeout);
        command.Options.Add(output);
        command.SetAction((parsed, token) =>
        {
            _ = Duration.TryParse(parsed.GetRequiredValue(timeout), out var limit); // the validator has seen to it
            return RunAsync(
                terminal,
                KubeconfigFile.Find(parsed.GetValue(kubeconfig), terminal.Variable),
                parsed.GetValue(context),
                parsed.GetValue(ns),
                limit.Value,
                PodOptions.ValueOf<ReportFormat>(parsed.GetRequiredValue(output)),
                token);
        });
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, FileInfo kubeconfig, string? context, string? ns, TimeSpan timeout, ReportFormat format, CancellationToken token)
    {
        using var client = await ConnectAsync(kubeconfig, context, timeout, token);
        var results = Checkup.Run(await new ClusterReader(client, TimeProvider.System).ReadAsync(ns, token));
        if (format == ReportFormat.Json)
            terminal.Out.WriteLine(Encoding.UTF8.GetString(CheckJson.Of(client.Address, results).Span));
        else
            terminal.Out.Write(new CheckText(terminal).Of(results));
        terminal.Error.WriteLine(CheckText.Total(client.Address, results));
        return results.Any(r => r.Result.Verdict == Verdict.Wrong) ? ExitCode.Refused : ExitCode.Done;
    }

    private static async Task<ApiClient> ConnectAsync(FileInfo kubeconfig, string? context, TimeSpan timeout, CancellationToken token)
    {
        var options = new ApiClientOptions
        {
            UserAgent = $"sluice/{VersionCommand.Version}",
            Deadline = timeout,
            Limit = new TokenBucket(perSecond: 50, burst: 100, TimeProvider.System), // a guest in somebody's cluster
        };
        try
        {
            return new ApiClient(await KubeconfigAccess.OpenAsync(kubeconfig, context, token), options, TimeProvider.System);
        }
        catch (ClusterAccessException e)
        {
            throw new UnusableInputException(e.Message);
        }
    }
}
