namespace Sluice.Kube;

/// <summary>What tells the objects of one kind apart. <paramref name="Namespace"/> is null for kinds without namespaces.</summary>
public readonly record struct ObjectKey(string? Namespace, string Name)
{
    public override string ToString() => Namespace is null ? Name : $"{Namespace}/{Name}";
}
