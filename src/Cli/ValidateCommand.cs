using System.CommandLine;
using System.Globalization;
using Sluice.Api.Manifests;
using Sluice.Api.Validation;

namespace Sluice.Cli;

/// <summary><c>sluice validate</c>: everything that is wrong with catalog objects, before a cluster sees them.</summary>
internal static class ValidateCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = PodOptions.Files();
        var command = new ExampleCommand("validate", "Check a catalog: Datasets, Runtimes, RuntimeProfiles, TenantPolicies, DataLoads, Namespaces.")
        {
            Examples =
            [
                ("A whole catalog", "sluice validate -f catalog/"),
                ("Before a commit", "git diff --cached --name-only -- '*.yaml' | xargs sluice validate -f"),
            ],
        };
        files.AllowMultipleArgumentsPerToken = true; // so that xargs and a shell's wildcards work; there is no other option to take for a file
        command.Options.Add(files);
        command.SetAction(parsed => Run(terminal, parsed.GetRequiredValue(files)));
        return command;
    }

    private static int Run(Terminal terminal, string[] paths)
    {
        var manifests = new CatalogManifests();
        var fileCount = 0;
        // A file that is named twice, by itself and in its directory perhaps, says nothing twice.
        foreach (var file in InputFiles.Read(paths, terminal.In).DistinctBy(file => Path.GetFullPath(file.Name), StringComparer.Ordinal))
        {
            fileCount++;
            using var text = new StringReader(file.Text);
            manifests.Read(file.Name, text);
        }
        var (errors, warnings) = manifests.Judge();

        foreach (var error in errors)
            terminal.Out.WriteLine(Line(error));
        foreach (var warning in warnings)
            terminal.Error.WriteLine("Warning: " + Line(warning));
        var what = $"{Count.Of(manifests.Count, "object")} in {Count.Of(fileCount, "file")}";
        terminal.Error.WriteLine($"{(errors.Count == 0 ? "no errors" : Count.Of(errors.Count, "error"))}, {Count.Of(warnings.Count, "warning")}: {what}");
        return errors.Count == 0 ? ExitCode.Done : ExitCode.Refused;
    }

    /// <summary><c>file:line: field.path: message</c></summary>
    private static string Line(ManifestError error)
    {
        var place = error.Line == 0 ? error.File : string.Create(CultureInfo.InvariantCulture, $"{error.File}:{error.Line}");
        return error.Path.Length == 0 ? $"{place}: {error.Message}" : $"{place}: {error.Path}: {error.Message}";
    }
}
