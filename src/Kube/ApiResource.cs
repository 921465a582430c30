namespace Sluice.Kube;

/// <summary>A kind as an API server's paths name it.</summary>
/// <param name="Group">Empty for core/v1.</param>
/// <param name="Version">Such as <c>v1</c>.</param>
/// <param name="Plural">Such as <c>datasets</c>.</param>
/// <param name="Namespaced">Whether its objects live in namespaces.</param>
public sealed record ApiResource(string Group, string Version, string Plural, bool Namespaced)
{
    /// <summary><c>v1</c> or <c>GROUP/VERSION</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>As messages and RBAC name it: <c>datasets.sluice.io</c>, <c>namespaces</c>.</summary>
    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public ApiObject Object(string? nameSpace, string name) => new(this, nameSpace, name);

    /// <summary>The path of a namespace's objects, of all when <paramref name="nameSpace"/> is null.</summary>
    internal string CollectionPath(string? nameSpace)
    {
        var root = Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";
        return nameSpace is null ? $"{root}/{Plural}" : $"{root}/namespaces/{Segment(nameSpace)}/{Plural}";
    }

    /// <summary>
    /// One segment of a path, whoever wrote it: escaped, and neither empty nor made of dots, which would lead to another object.
    /// </summary>
    internal static string Segment(string text) =>
        text.Length == 0 || text is "." or ".."
            ? throw new ArgumentException($"\"{text}\" is no name of an object.", nameof(text))
            : Uri.EscapeDataString(text);
}

/// <summary>One object of a cluster, or a subresource of it.</summary>
/// <param name="Resource">Its kind.</param>
/// <param name="Namespace">Null for kinds without namespaces.</param>
/// <param name="Name"><c>metadata.name</c>.</param>
/// <param name="Subresource">Such as <c>status</c>; null for the object itself.</param>
public readonly record struct ApiObject(ApiResource Resource, string? Namespace, string Name, string? Subresource = null)
{
    /// <summary>Its <c>status</c> subresource.</summary>
    public ApiObject Status => this with { Subresource = "status" };

    internal string Path
    {
        get
        {
            var path = $"{Resource.CollectionPath(Namespace)}/{ApiResource.Segment(Name)}";
            return Subresource is null ? path : $"{path}/{Subresource}";
        }
    }

    /// <summary><c>datasets.sluice.io vision/imagenet</c>, with <c>/status</c> where that is meant.</summary>
    public override string ToString()
    {
        var name = Namespace is null ? Name : $"{Namespace}/{Name}";
        return Subresource is null ? $"{Resource} {name}" : $"{Resource} {name}/{Subresource}";
    }
}
