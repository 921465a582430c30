namespace Sluice.Cli.Tests;

/// <summary>A catalog on disk for one test class, and manifests that fit it.</summary>
public sealed class Samples : IDisposable
{
    public const string Pod = """
        apiVersion: v1
        kind: Pod
        metadata:
          name: train
          namespace: vision
          labels:
            sluice.io/dataset: imagenet
        spec:
          fromTheFuture: {replicas: 1.50}
          containers:
          - name: train
            image: python:3.13
        """;

    private const string Catalog = """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: vision
        ---
        apiVersion: sluice.io/v1alpha1
        kind: RuntimeProfile
        metadata:
          name: http
        spec:
          schemes: [http]
          fuse:
            image: registry.example.org/client:1
            command: ["/usr/bin/client", "--url=http://${uri.host}${uri.path}", "${mountpoint}"]
        ---
        apiVersion: sluice.io/v1alpha1
        kind: Dataset
        metadata:
          name: imagenet
          namespace: vision
        spec:
          source:
            uri: http://files.example.org/imagenet
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sluice-cli-");

    public Samples() => File.WriteAllText(Path.Combine(Directory.CreateDirectory(CatalogPath).FullName, "catalog.yaml"), Catalog);

    public string CatalogPath => Path.Combine(_directory.FullName, "catalog");

    /// <summary>Writes a file and gives its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(_directory.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
