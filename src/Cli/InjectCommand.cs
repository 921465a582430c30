using System.CommandLine;

namespace Sluice.Cli;

/// <summary><c>sluice inject</c>: manifests as the webhook would leave them.</summary>
internal static class InjectCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = PodOptions.Files();
        var catalog = PodOptions.Catalog();
        var ns = PodOptions.Namespace();
        var output = PodOptions.Output<OutputFormat>("yaml and json print all objects, patch what changes as RFC 6902, diff the same for people.");
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
        command.Options.Add(files);
        command.Options.Add(catalog);
        command.Options.Add(ns);
        command.Options.Add(output);
        command.SetAction(parsed => Run(
            terminal,
            parsed.GetRequiredValue(files),
            parsed.GetRequiredValue(catalog),
            parsed.GetRequiredValue(ns),
            PodOptions.ValueOf<OutputFormat>(parsed.GetRequiredValue(output))));
        return command;
    }

    private static int Run(Terminal terminal, string[] files, string catalogPath, string ns, OutputFormat format)
    {
        var catalog = CatalogInput.Read(catalogPath, terminal);
        var manifests = ManifestInput.Read(files, terminal);
        var outcomes = manifests.SelectMany(m => PodTarget.In(m, ns)).Select(target => target.Decide(catalog)).ToList();
        return new OutcomePrinter(terminal, format).Print(manifests, outcomes);
    }
}
