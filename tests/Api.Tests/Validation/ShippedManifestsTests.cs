using System.Runtime.CompilerServices;
using Sluice.Api.Manifests;
using Sluice.Api.Validation;

namespace Sluice.Api.Tests.Validation;

public sealed class ShippedManifestsTests
{
    private static string Deploy([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../deploy"));

    [Fact]
    public void Every_shipped_profile_and_sample_is_valid_alone_and_together()
    {
        var objects = new List<ManifestObject>();
        var errors = new List<ManifestError>();
        foreach (var folder in (string[])["manifests/profiles", "samples/catalog"])
        {
            foreach (var path in Directory.EnumerateFiles(Path.Combine(Deploy(), folder), "*.yaml").Order(StringComparer.Ordinal))
            {
                var file = ManifestReader.Read(Path.GetFileName(path), File.ReadAllText(path), OtherKinds.Skip);
                errors.AddRange(file.Errors);
                errors.AddRange(file.Objects.SelectMany(ManifestValidation.Check));
                objects.AddRange(file.Objects);
            }
        }
        var resources = objects.Select(o => o.Resource).ToList();
        var together = CatalogValidation.Of(resources);
        errors.AddRange(objects.SelectMany(o => together.Check(o.Resource).Select(f => o.ErrorAt(f.Field.Path, f.Field.Message))));
        Assert.NotEmpty(objects);
        Assert.Equal("", string.Join('\n', errors));
    }
}
