using System.CommandLine;

namespace Sluice.Cli;

/// <summary><c>sluice inject</c>: manifests as the webhook would leave them.</summary>
internal static class InjectCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new ExampleCommand(
            "inject",
            "Print manifests as the webhook would leave them: pods and pod templates with their datasets, everything else unchanged.")
        {
            Examples =
            [
                ("What would change?", "sluice inject -f pod.yaml --catalog catalog/ -o diff"),
                ("Without a webhook in the cluster", "kustomize build . | sluice inject -f - --catalog catalog/ -n vision | kubectl apply -f -"),
            ],
        };
        return OfflineCommand.Complete<OutputFormat>(
            command,
            "yaml and json print all objects, patch what changes as RFC 6902, diff the same for people.",
            terminal,
            (input, format) => new OutcomePrinter(terminal, format).Print(input.Manifests, [.. input.Targets.Select(target => target.Decide(input.Catalog))]));
    }
}
