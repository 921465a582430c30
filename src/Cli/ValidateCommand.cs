using System.CommandLine;
using System.Globalization;
using Sluice.Api;
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
        var errors = new List<ManifestError>();
        var objects = new List<ManifestObject>();
        var fileCount = 0;
        foreach (var file in InputFiles.Read(paths, terminal.In))
        {
            fileCount++;
            var manifest = ManifestReader.Read(file.Name, file.Text, OtherKinds.Skip);
            errors.AddRange(manifest.Errors);
            objects.AddRange(manifest.Objects);
        }
        errors.AddRange(objects.SelectMany(ManifestValidation.Check));
        var (together, warnings) = CheckTogether(objects);
        errors.AddRange(together);

        foreach (var error in errors.Distinct().OrderBy(e => e.File, StringComparer.Ordinal).ThenBy(e => e.Line).ThenBy(e => e.Column))
            terminal.Out.WriteLine(Line(error));
        foreach (var warning in warnings)
            terminal.Error.WriteLine("Warning: " + Line(warning));
        var what = $"{Count.Of(objects.Count, "object")} in {Count.Of(fileCount, "file")}";
        terminal.Error.WriteLine($"{(errors.Count == 0 ? "no errors" : Count.Of(errors.Count, "error"))}, {Count.Of(warnings.Count, "warning")}: {what}");
        return errors.Count == 0 ? ExitCode.Done : ExitCode.Refused;
    }

    /// <summary>What only shows when objects are seen beside each other: as far as they were given.</summary>
    private static (List<ManifestError> Errors, List<ManifestError> Warnings) CheckTogether(List<ManifestObject> objects)
    {
        var resources = objects.ConvertAll(o => o.Resource);
        var validation = new CatalogValidation(resources.OfType<Dataset>(), resources.OfType<Runtime>(), resources.OfType<RuntimeProfile>());
        var errors = new List<ManifestError>();
        var warnings = new List<ManifestError>();
        foreach (var manifest in objects)
        {
            foreach (var finding in validation.Check(manifest.Resource))
                (finding.Severity == FindingSeverity.Error ? errors : warnings).Add(manifest.ErrorAt(finding.Field.Path, finding.Field.Message));
        }
        return (errors, warnings);
    }

    /// <summary><c>file:line: field.path: message</c></summary>
    private static string Line(ManifestError error)
    {
        var place = error.Line == 0 ? error.File : string.Create(CultureInfo.InvariantCulture, $"{error.File}:{error.Line}");
        return error.Path.Length == 0 ? $"{place}: {error.Message}" : $"{place}: {error.Path}: {error.Message}";
    }
}
