using System.CommandLine;
using System.Text.Json.Nodes;
using Sluice.Injection;

namespace Sluice.Cli;

/// <summary>What commands have in common that decide about pods by a catalog on disk.</summary>
internal static class OfflineCommand
{
    /// <summary>Gives <paramref name="command"/> its options, and <paramref name="run"/> what they name.</summary>
    public static Command Complete<TFormat>(ExampleCommand command, string outputDescription, Terminal terminal, Func<OfflineInput, TFormat, int> run)
        where TFormat : struct, Enum
    {
        var files = PodOptions.Files();
        var catalog = PodOptions.Catalog();
        var ns = PodOptions.Namespace();
        var output = PodOptions.Output<TFormat>(outputDescription);
        command.Options.Add(files);
        command.Options.Add(catalog);
        command.Options.Add(ns);
        command.Options.Add(output);
        command.SetAction(parsed => run(
            OfflineInput.Read(parsed.GetRequiredValue(files), parsed.GetRequiredValue(catalog), parsed.GetRequiredValue(ns), terminal),
            PodOptions.ValueOf<TFormat>(parsed.GetRequiredValue(output))));
        return command;
    }
}

/// <summary>What such a command decides about, and by what.</summary>
/// <param name="Files">As the user named them.</param>
/// <param name="Manifests">All that they hold, of any kind, in order.</param>
/// <param name="Targets">The pods and pod templates in them.</param>
/// <param name="Catalog">To decide by.</param>
internal sealed record OfflineInput(IReadOnlyList<string> Files, IReadOnlyList<JsonObject> Manifests, IReadOnlyList<PodTarget> Targets, Catalog Catalog)
{
    /// <summary>Reads them all; the catalog first.</summary>
    /// <exception cref="UnusableInputException">Something cannot be read, or the catalog has an error.</exception>
    public static OfflineInput Read(string[] files, string catalogPath, string ns, Terminal terminal)
    {
        var catalog = CatalogInput.Read(catalogPath, terminal);
        var manifests = ManifestInput.Read(files, terminal);
        return new OfflineInput(files, manifests, [.. manifests.SelectMany(manifest => PodTarget.In(manifest, ns))], catalog);
    }
}
