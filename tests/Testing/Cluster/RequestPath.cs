namespace Sluice.Testing.Cluster;

/// <summary>What a path of an API server names.</summary>
/// <param name="Collection">Without namespace, such as <c>/apis/sluice.io/v1alpha1/datasets</c>.</param>
/// <param name="Namespace">Null: of all, or of none.</param>
/// <param name="Name">Null: the collection.</param>
/// <param name="Subresource">Null: the object itself.</param>
public sealed record RequestPath(string Collection, string? Namespace, string? Name, string? Subresource)
{
    public static RequestPath? Parse(string path)
    {
        var parts = path.Trim('/').Split('/');
        var root = parts is ["api", ..] ? 2 : parts is ["apis", ..] ? 3 : 0;
        if (root == 0 || parts.Length <= root)
            return null;
        var prefix = "/" + string.Join('/', parts[..root]);
        return parts[root..] switch
        {
            ["namespaces", var ns, var plural, .. var rest] when plural is not ("status" or "finalize") => Of($"{prefix}/{plural}", ns, rest),
            [var plural, .. var rest] => Of($"{prefix}/{plural}", null, rest),
            _ => null,
        };
    }

    private static RequestPath? Of(string collection, string? ns, string[] rest) => rest switch
    {
        [] => new RequestPath(collection, ns, null, null),
        [var name] => new RequestPath(collection, ns, name, null),
        [var name, var subresource] => new RequestPath(collection, ns, name, subresource),
        _ => null,
    };
}
