using System.CommandLine;
using System.Globalization;

namespace Sluice.Cli;

/// <summary><c>sluice admit</c>: asks a running webhook, as an API server would, and shows what it answers.</summary>
internal static class AdmitCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = PodOptions.Files();
        var ns = PodOptions.Namespace();
        var webhook = new Option<string>("--webhook")
        {
            Description = "The webhook's address. The path is /mutate unless the address has one.",
            HelpName = "URL",
            Required = true,
        };
        var ca = new Option<string?>("--ca") { Description = "PEM file of the authority that signed the webhook's certificate.", HelpName = "FILE" };
        var fingerprint = new Option<string?>("--fingerprint") { Description = "SHA-256 of the webhook's certificate in hex, as it logs when it starts: trust that one alone.", HelpName = "HEX" };
        var insecure = new Option<bool>("--insecure") { Description = "Trust any certificate." };
        var output = PodOptions.Output<OutputFormat>("yaml and json print all objects as the webhook leaves them, patch its answer as RFC 6902, diff the same for people.");
        var command = new ExampleCommand("admit", "Send pods to a running webhook as an API server would, in a dry run, and show what it answers.")
        {
            Examples =
            [
                ("A webhook on this machine", "sluice admit -f pod.yaml --webhook https://localhost:8443 --fingerprint 8C1F… -o diff"),
                ("One in a cluster", "kubectl port-forward -n sluice-system svc/sluice-webhook 8443:443 &\n  sluice admit -f pod.yaml --webhook https://localhost:8443 --ca ca.crt -o diff"),
            ],
        };
        command.Options.Add(files);
        command.Options.Add(webhook);
        command.Options.Add(ca);
        command.Options.Add(fingerprint);
        command.Options.Add(insecure);
        command.Options.Add(ns);
        command.Options.Add(output);
        command.Validators.Add(result =>
        {
            Option[] trust = [ca, fingerprint, insecure];
            if (trust.Count(option => result.GetResult(option) is { Implicit: false }) > 1)
                result.AddError("--ca, --fingerprint and --insecure contradict each other: give one of them.");
        });
        command.SetAction((parsed, token) => RunAsync(
            terminal,
            parsed.GetRequiredValue(files),
            parsed.GetRequiredValue(ns),
            new WebhookAddress(parsed.GetRequiredValue(webhook), parsed.GetValue(ca), parsed.GetValue(fingerprint), parsed.GetValue(insecure)),
            PodOptions.ValueOf<OutputFormat>(parsed.GetRequiredValue(output)),
            token));
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, string[] files, string ns, WebhookAddress address, OutputFormat format, CancellationToken token)
    {
        using var webhook = WebhookClient.Connect(address);
        var manifests = ManifestInput.Read(files, terminal);
        var outcomes = new List<PodOutcome>();
        foreach (var target in manifests.SelectMany(m => PodTarget.In(m, ns)))
        {
            var answer = await webhook.AdmitAsync(target, token);
            outcomes.Add(answer.Outcome);
            Tell(terminal, answer);
        }
        return new OutcomePrinter(terminal, format).Print(manifests, outcomes);
    }

    private static void Tell(Terminal terminal, WebhookAnswer answer)
    {
        var outcome = answer.Outcome;
        var verdict = outcome.Denial is not null ? $"denied ({answer.Code})" : $"allowed, {Count.Of(outcome.Patch?.GetArrayLength() ?? 0, "change")}";
        terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{outcome.Target}: {verdict}, answered in {answer.Elapsed.TotalMilliseconds:0} ms"));
        foreach (var (key, value) in answer.AuditAnnotations)
            terminal.Error.WriteLine($"  audit {key}: {value}");
    }
}
