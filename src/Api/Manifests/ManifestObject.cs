namespace Sluice.Api.Manifests;

/// <summary>An object that was read, and where from.</summary>
public sealed class ManifestObject
{
    private readonly YamlDocument? _document;
    private readonly string _prefix; // of the object in its document: empty, or `items[3]` inside a List

    internal ManifestObject(object resource, ManifestKind kind, ObjectMeta metadata, string file, YamlDocument? document, string prefix)
    {
        Resource = resource;
        Kind = kind.Kind;
        Namespace = kind.Namespaced ? metadata.Namespace ?? "default" : null;
        Metadata = metadata;
        File = file;
        _document = document;
        _prefix = prefix;
    }

    /// <summary>A <see cref="Dataset"/>, <see cref="Runtime"/>, <see cref="RuntimeProfile"/>, <see cref="TenantPolicy"/>, <see cref="DataLoad"/> or <see cref="Namespace"/>.</summary>
    public object Resource { get; }
    public string Kind { get; }
    public ObjectMeta Metadata { get; }

    /// <summary>Where the object lives; null for kinds without namespaces.</summary>
    public string? Namespace { get; }

    /// <summary><c>Dataset vision/imagenet</c>, <c>RuntimeProfile rclone-s3</c>: two objects with one full name are the same object.</summary>
    public string FullName => Namespace is null ? $"{Kind} {Metadata.Name}" : $"{Kind} {Namespace}/{Metadata.Name}";

    public string File { get; }

    /// <summary>An error about the field <paramref name="path"/> of this object, at the place where the field was written.</summary>
    public ManifestError ErrorAt(string path, string message)
    {
        if (_document is null)
            return new ManifestError(File, 0, 0, path, message);
        var full = _prefix.Length == 0 ? path : FieldPath.Member(_prefix, path);
        var mark = _document.Find(full);
        return new ManifestError(File, mark.Line, mark.Column, full, message);
    }
}
