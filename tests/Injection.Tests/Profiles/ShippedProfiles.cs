using Sluice.Api;
using Sluice.Api.Manifests;

namespace Sluice.Injection.Tests.Profiles;

/// <summary>The profiles and samples in deploy/, as the product's own reader sees them.</summary>
internal static class ShippedProfiles
{
    public static string Root { get; } = FindRoot();
    public static string Directory { get; } = Path.Combine(Root, "deploy", "manifests", "profiles");

    /// <summary>All shipped profiles, by name order.</summary>
    public static IReadOnlyList<RuntimeProfile> All { get; } =
    [
        .. System.IO.Directory.EnumerateFiles(Directory, "*.yaml")
            .SelectMany(Read)
            .Select(o => o.Resource)
            .OfType<RuntimeProfile>()
            .OrderBy(p => p.Metadata.Name, StringComparer.Ordinal),
    ];

    public static RuntimeProfile Named(string name) => All.Single(p => p.Metadata.Name == name);

    /// <summary>The objects of one file; an error in it fails the test.</summary>
    public static IReadOnlyList<ManifestObject> Read(string path)
    {
        var file = ManifestReader.Read(Path.GetRelativePath(Root, path), File.ReadAllText(path), OtherKinds.Skip);
        Assert.Empty(file.Errors);
        return file.Objects;
    }

    private static string FindRoot()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Webhook.sln")))
                return directory;
        }
        throw new DirectoryNotFoundException($"no Webhook.sln above {AppContext.BaseDirectory}: the tests run inside the source tree");
    }
}
