using Sluice.Api.Validation;
using Sluice.Injection;

namespace Sluice.Cli;

/// <summary>The catalog that <c>--catalog</c> names. Like the webhook, it is read whole or not at all.</summary>
internal static class CatalogInput
{
    private const int MaxShownErrors = 10; // the rest is for `sluice validate`; arbitrary

    /// <summary>Reads every manifest below <paramref name="path"/>.</summary>
    /// <exception cref="UnusableInputException">The directory cannot be read, or an object in it is wrong.</exception>
    public static Catalog Read(string path, Terminal terminal)
    {
        if (!Directory.Exists(path) && !File.Exists(path))
            throw new UnusableInputException($"catalog {path}: no such directory");
        var manifests = new CatalogManifests();
        foreach (var file in InputFiles.Read([path], TextReader.Null))
        {
            using var text = new StringReader(file.Text);
            manifests.Read(file.Name, text);
        }
        var errors = manifests.Judge().Errors;
        if (errors.Count == 0)
            return Catalog.Of(manifests.Resources);
        foreach (var error in errors.Take(MaxShownErrors))
            terminal.Error.WriteLine(error);
        throw new UnusableInputException($"catalog {path} has {Count.Of(errors.Count, "error")}: `sluice validate -f {path}` lists them");
    }
}
