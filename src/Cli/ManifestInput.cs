using System.Text.Json.Nodes;
using Sluice.Api.Manifests;

namespace Sluice.Cli;

/// <summary>Documents of any kind, in order, as nodes that may be changed.</summary>
internal static class ManifestInput
{
    /// <summary>Reads all documents of all files.</summary>
    /// <exception cref="UnusableInputException">A file cannot be read, or is no YAML; or there is no object in them.</exception>
    public static List<JsonObject> Read(IReadOnlyList<string> paths, Terminal terminal)
    {
        var objects = new List<JsonObject>();
        foreach (var file in InputFiles.Read(paths, terminal.In))
        {
            var yaml = YamlDocuments.Read(file.Text);
            if (yaml.Errors.Count > 0)
                throw new UnusableInputException(Describe(file, yaml.Errors[0]));
            foreach (var document in yaml.Documents)
            {
                objects.Add(JsonNodes.Parse(document.Json) as JsonObject
                    ?? throw new UnusableInputException($"{file.Name}:{document.Start.Line}: a manifest must be an object with apiVersion and kind"));
            }
        }
        return objects.Count > 0 ? objects : throw new UnusableInputException($"{InputFiles.Describe(paths)}: no manifest in it, only comments or white space");
    }

    private static string Describe(InputFile file, YamlError error) =>
        new ManifestError(file.Name, error.Mark.Line, error.Mark.Column, error.Path, error.Message).ToString();
}
