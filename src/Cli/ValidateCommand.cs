using System.CommandLine;
using System.Globalization;
using Sluice.Api.Manifests;

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
        foreach (var error in errors)
            terminal.Out.WriteLine(Line(error));
        var what = $"{Count.Of(objects.Count, "valid object")} in {Count.Of(fileCount, "file")}";
        terminal.Error.WriteLine(errors.Count == 0 ? what : $"{Count.Of(errors.Count, "error")}; {what}");
        return errors.Count == 0 ? ExitCode.Done : ExitCode.Refused;
    }

    /// <summary><c>file:line: field.path: message</c></summary>
    private static string Line(ManifestError error)
    {
        var place = error.Line == 0 ? error.File : string.Create(CultureInfo.InvariantCulture, $"{error.File}:{error.Line}");
        return error.Path.Length == 0 ? $"{place}: {error.Message}" : $"{place}: {error.Path}: {error.Message}";
    }
}
