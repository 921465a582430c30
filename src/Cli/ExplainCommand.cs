using System.CommandLine;
using System.Text;
using Sluice.Injection;

namespace Sluice.Cli;

/// <summary><c>sluice explain</c>: why a pod gets what it gets, rule by rule.</summary>
internal static class ExplainCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = PodOptions.Files();
        var catalog = PodOptions.Catalog();
        var ns = PodOptions.Namespace();
        var output = PodOptions.Output<ExplainFormat>("text for people, json for programs.");
        var command = new ExampleCommand("explain", "Tell why a pod gets what it gets: what was asked and where, which rule granted or refused it, what each part is for.")
        {
            Examples =
            [
                ("Why is this pod refused?", "sluice explain -f pod.yaml --catalog catalog/"),
                ("Which policies had a say?", "sluice explain -f pod.yaml --catalog catalog/ -o json"),
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
            PodOptions.ValueOf<ExplainFormat>(parsed.GetRequiredValue(output))));
        return command;
    }

    private static int Run(Terminal terminal, string[] files, string catalogPath, string ns, ExplainFormat format)
    {
        var catalog = CatalogInput.Read(catalogPath, terminal);
        var explained = ManifestInput.Read(files, terminal)
            .SelectMany(manifest => PodTarget.In(manifest, ns))
            .Select(target => Explained.Of(target, catalog))
            .ToList();
        if (explained.Count == 0)
            throw new UnusableInputException($"{InputFiles.Describe(files)}: no pod and no pod template to explain");
        if (format == ExplainFormat.Json)
            terminal.Out.WriteLine(Encoding.UTF8.GetString(ExplanationJson.Of(explained).Span));
        else
            terminal.Out.Write(string.Join('\n', explained.Select(e => new ExplanationText(terminal).Of(e))));
        return explained.Any(e => e.Outcome.Denial is not null) ? ExitCode.Refused : ExitCode.Done;
    }
}

/// <summary>A decision about a pod and its story.</summary>
internal sealed record Explained(PodOutcome Outcome, Trace Trace)
{
    public static Explained Of(PodTarget target, Catalog catalog)
    {
        var trace = new Trace();
        return new Explained(target.Decide(catalog, trace), trace);
    }
}
